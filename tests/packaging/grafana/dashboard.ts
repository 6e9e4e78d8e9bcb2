// What a dashboard of ours may be: Grafana's own schema, closed where Grafana leaves it open (panels' options, queries, overrides).
import type * as schema from '@grafana/schema';
import type * as raw from '@grafana/schema/dist/esm/raw/dashboard/x/dashboard_types.gen.d.ts';
import type * as statetimeline from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen.d.ts';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.d.ts';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen.d.ts';
import type * as text from '@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen.d.ts';
import type * as timeseries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.d.ts';

// JSON holds an enum's value, which TypeScript does not take for the enum itself.
type Plain<T> =
  unknown extends T ? T
  : T extends string ? `${T}`
  : T extends number ? (number extends T ? number : `${T}` extends `${infer N extends number}` ? N : never)
  : T extends Array<infer U> ? Array<Plain<U>>
  : T extends object ? { [K in keyof T]: Plain<T[K]> }
  : T;

type Query = {
  datasource: { type: 'prometheus'; uid: 'vigie-prometheus' };
  refId: string;
  expr: string;
  legendFormat: string;
  interval?: string;
  range?: boolean;
  instant?: boolean;
  format?: 'table';
};

type Override =
  | { id: 'color'; value: Plain<{ mode: raw.FieldColorModeId; fixedColor: string }> }
  | { id: 'custom.lineStyle'; value: Plain<schema.LineStyle> }
  | { id: 'custom.axisPlacement'; value: Plain<schema.AxisPlacement> }
  | { id: 'custom.fillBelowTo'; value: string }
  | { id: 'custom.fillOpacity'; value: number }
  | { id: 'custom.hideFrom'; value: Plain<schema.HideSeriesConfig> }
  | { id: 'custom.lineWidth'; value: number }
  | { id: 'custom.cellOptions'; value: Plain<schema.TableCellOptions> }
  | { id: 'decimals'; value: number }
  | { id: 'displayName'; value: string }
  | { id: 'mappings'; value: Array<Plain<raw.ValueMapping>> }
  | { id: 'thresholds'; value: Thresholds }
  | { id: 'unit'; value: string };

type Thresholds = { mode: `${raw.ThresholdsMode}`; steps: Array<{ value: number | null; color: string }> };

type Fields<Custom> = {
  defaults: Omit<Plain<raw.FieldConfig>, 'custom' | 'thresholds'> & { custom?: Plain<Custom>; thresholds?: Thresholds };
  overrides: Array<{
    matcher: { id: 'byName' | 'byRegexp' | 'byFrameRefID'; options: string };
    properties: Array<Override>;
  }>;
};

type Transformation =
  | { id: 'merge'; options: Record<string, never> }
  | { id: 'organize'; options: { excludeByName: Record<string, boolean>; indexByName: Record<string, number>; renameByName: Record<string, string> } }
  | {
      id: 'calculateField';
      options: { mode: 'cumulativeFunctions'; cumulative: { field: string; reducer: 'sum' }; alias: string; replaceFields: boolean };
    };

type Shown<Type extends string, Options, Custom> =
  Omit<Plain<raw.Panel>, 'type' | 'options' | 'fieldConfig' | 'targets' | 'transformations'> & {
    type: Type;
    options: Plain<Options>;
    fieldConfig?: Fields<Custom>;
    targets?: Array<Query>;
    transformations?: Array<Transformation>;
  };

type Panel =
  | Shown<'stat', stat.Options, Record<string, never>>
  | Shown<'timeseries', timeseries.Options, timeseries.FieldConfig>
  | Shown<'state-timeline', statetimeline.Options, statetimeline.FieldConfig>
  | Shown<'table', table.Options, table.FieldConfig>
  | Shown<'text', text.Options, Record<string, never>>
  | Plain<raw.RowPanel>;

// Grafana's schema knows of its own annotations only; these are the Prometheus data source's fields.
type Annotation = Plain<raw.AnnotationQuery> & {
  expr: string;
  step: string;
  titleFormat: string;
  textFormat: string;
  tagKeys: string;
  useValueForTime: boolean;
};

export type Dashboard = Omit<Plain<raw.Dashboard>, 'panels' | 'annotations'> & {
  panels: Array<Panel>;
  annotations: { list: Array<Annotation> };
};
