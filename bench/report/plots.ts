/** @file Bar charts as SVG text, drawn by ECharts without a browser. */
import * as echarts from "echarts";

/** Bars side by side in groups. */
export interface BarChart {
  readonly title: string;
  /** What a bar's length is, with its unit. */
  readonly unit: string;
  /** One a group. */
  readonly groups: readonly string[];
  /** One bar in each group; null: not measured. */
  readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
  /** A logarithmic axis, for values that differ by orders of magnitude. */
  readonly logarithmic?: boolean;
}

const WIDTH = 860;
const ROW_HEIGHT = 18;
/** Distinct in grey and for the colour-blind (Okabe and Ito, 2008). */
const COLORS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"];

/** The chart as an SVG document. Legible on light and dark pages: it has a white ground of its own. */
export function barChart({ title, unit, groups, series, logarithmic = false }: BarChart): string {
  const top = 44 + series.length * ROW_HEIGHT;
  const height = top + 50 + groups.length * (series.length * ROW_HEIGHT + 16);
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    color: COLORS,
    title: { text: title, left: 12, top: 8, textStyle: { fontSize: 15 } },
    // One below the other: without a browser, texts cannot be measured well enough to stand in a row.
    legend: { orient: "vertical", itemGap: 4, top: 34, left: 12, data: series.map(({ name }) => name) },
    grid: { left: 12, right: 70, top, bottom: 30, containLabel: true },
    xAxis: { type: logarithmic ? "log" : "value", name: unit, nameLocation: "middle", nameGap: 24 },
    yAxis: { type: "category", inverse: true, data: [...groups] },
    series: series.map(({ name, values }) => ({
      name,
      type: "bar",
      barWidth: ROW_HEIGHT - 5,
      data: values.map((value) => value ?? "-"),
      label: {
        show: true,
        position: "right",
        formatter: ({ value }: { value: unknown }) => short(Number(value)),
      },
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

/** Three digits, without an exponent where there need be none. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "";
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return value.toPrecision(value < 1 ? 2 : 3);
}
