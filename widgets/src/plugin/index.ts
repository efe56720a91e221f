import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import { ILauncher } from "@jupyterlab/launcher";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import type { IDisposable } from "@lumino/disposable";
import { addRuleViewer } from "./rule_viewer.js";
import { addCards, addCommands, addToPalette } from "./templates.js";

const ID = "carenotebook:plugin";

/** Everything is optional, so that each part works wherever what it needs is there. */
const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: "Launcher cards, commands and a viewer of review rules.",
  autoStart: true,
  optional: [ILauncher, ICommandPalette, ISettingRegistry, IDefaultFileBrowser],
  activate: async (
    app: JupyterFrontEnd,
    launcher: ILauncher | null,
    palette: ICommandPalette | null,
    registry: ISettingRegistry | null,
    browser: IDefaultFileBrowser | null,
  ) => {
    addCommands(app, browser);
    if (palette) addToPalette(palette);
    const settings = (await registry?.load(ID).catch(() => null)) ?? null;
    addRuleViewer(app, settings?.get("rulesInWords").composite !== false);
    if (launcher) keepCards(launcher, settings);
  },
};

function keepCards(launcher: ILauncher, settings: ISettingRegistry.ISettings | null): void {
  let cards: IDisposable[] = [];
  const update = (): void => {
    for (const card of cards) card.dispose();
    cards = settings?.get("launcherCards").composite === false ? [] : addCards(launcher);
  };
  settings?.changed.connect(update);
  update();
}

export default [plugin];
