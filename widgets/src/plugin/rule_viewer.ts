import type { JupyterFrontEnd } from "@jupyterlab/application";
import { ABCWidgetFactory, type DocumentRegistry, DocumentWidget } from "@jupyterlab/docregistry";
import { LabIcon } from "@jupyterlab/ui-components";
import { Widget } from "@lumino/widgets";
import icon from "../../style/icons/rule.svg";
import { refusal, ruleInWords } from "./rule_words.js";
import { ask } from "./server.js";

const FACTORY = "Rule in words";
const FILE_TYPE = "carenotebook-rule";
const ruleIcon = new LabIcon({ name: "carenotebook:rule", svgstr: icon });

type Context = DocumentRegistry.Context;

/** Shows a rule file in words, with its hash. The file is read as data; nothing in it runs. */
export class RuleView extends Widget {
  private asked = 0;

  constructor(private readonly context: Context) {
    super();
    this.addClass("cn-rule");
    this.node.tabIndex = 0;
    const refresh = (): void => void this.refresh();
    void context.ready.then(() => {
      context.model.contentChanged.connect(refresh);
      this.disposed.connect(() => context.model.contentChanged.disconnect(refresh));
      refresh();
    });
  }

  private async refresh(): Promise<void> {
    const asked = ++this.asked;
    const shown = await ask("rule", { text: this.context.model.toString() }).then(
      ruleInWords,
      refusal,
    );
    if (asked === this.asked && !this.isDisposed) this.node.replaceChildren(...shown);
  }
}

class RuleViewFactory extends ABCWidgetFactory<DocumentWidget<RuleView>> {
  protected override createNewWidget(context: Context): DocumentWidget<RuleView> {
    const widget = new DocumentWidget({ content: new RuleView(context), context });
    widget.title.icon = ruleIcon;
    return widget;
  }
}

/** `*.rule.yml` opens in words; where `first` is false, only on request. */
export function addRuleViewer(app: JupyterFrontEnd, first: boolean): void {
  app.docRegistry.addFileType({
    name: FILE_TYPE,
    displayName: "Review rule",
    extensions: [".rule.yml", ".rule.yaml"],
    mimeTypes: ["text/yaml"],
    icon: ruleIcon,
    fileFormat: "text",
    contentType: "file",
  });
  const options = {
    name: FACTORY,
    label: FACTORY,
    fileTypes: [FILE_TYPE],
    defaultFor: first ? [FILE_TYPE] : [],
    readOnly: true,
  };
  app.docRegistry.addWidgetFactory(new RuleViewFactory(options));
}
