import "../../style/widgets.css";
import "../../style/case_player.css";
import type { Model } from "../base.js";
import { CasePlayer } from "../case_player.js";

export default {
  render({ model, el }: { model: Model; el: HTMLElement }): () => void {
    const view = new CasePlayer(model, el);
    view.open();
    return () => {
      view.close();
    };
  },
};
