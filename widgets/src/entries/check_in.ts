import "../../style/widgets.css";
import "../../style/check_in.css";
import type { Model } from "../base.js";
import { CheckIn } from "../check_in.js";

export default {
  render({ model, el }: { model: Model; el: HTMLElement }): () => void {
    const view = new CheckIn(model, el);
    view.open();
    return () => {
      view.close();
    };
  },
};
