import "../../style/widgets.css";
import type { Model } from "../base.js";
import { CriteriaBuilder } from "../criteria_builder.js";

export default {
  render({ model, el }: { model: Model; el: HTMLElement }): () => void {
    const view = new CriteriaBuilder(model, el);
    view.open();
    return () => {
      view.close();
    };
  },
};
