/* Charts from data in the page.

   <div class="chart" role="img" aria-label="近 12 个月消费" data-chart="bar" data-source="spending"></div>
   {{ chart|json_script:"spending" }}
   <details class="chart-table"><summary>看数字</summary><table class="table">…</table></details>

   data-chart   bar (upright), barh (lying, first category on top), line, trend (a line over an earlier, dashed one, which
                says "is_past"; "from_zero": false cuts the axis), interval (points with their "low" and "high" beside
                "values" in each series, and a zero line) or radar (its data names the "most" of every axis)
   data-source  id of the json_script: {"unit": "元", "categories": ["1月", …], "series": [{"name": "消费", "values": [12.5, null, …]}]}
                Values are already in `unit`; null leaves a gap. The server writes the same numbers as a table.

   A page with charts loads this script in its `scripts` block; the library itself (1 MB) comes when the first chart
   nears the screen, so that a phone's first look does without:
   <script src="{% static 'charts.js' %}" data-library="{% static 'echarts/echarts.min.js' %}" defer></script> */
(() => {
  "use strict";

  const LIBRARY = document.currentScript.dataset.library;
  const NEAR = "200px";

  const PALETTE = ["#12a150", "#f59f00", "#2f7ed8", "#f5483b", "#7a5af5"];
  const PAST = "#9aa7a1";
  const GRID = "#eef1f0";
  const INK = "#586572";

  function written(value, unit) {
    if (value === null || value === undefined) return "—";
    const number = value.toLocaleString("en-US", { maximumFractionDigits: 2 });
    if (unit === "%") return `${number}%`;
    return unit === "元" ? `¥${number}` : `${number} ${unit || ""}`.trim();
  }

  function short(value) {
    return Math.abs(value) >= 10000 ? `${value / 10000}万` : value.toLocaleString("en-US");
  }

  function radarOf(data) {
    const most = data.most;
    const many = data.series.length > 1;
    return {
      animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      animationDuration: 300,
      color: PALETTE,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12 },
      tooltip: { confine: true, valueFormatter: (value) => written(value, data.unit) },
      legend: many ? { bottom: 4 } : undefined,
      radar: {
        indicator: data.categories.map((name) => ({ name, max: most, min: 0 })),
        center: ["50%", many ? "47%" : "52%"],
        radius: many ? "64%" : "70%",
        splitNumber: 5,
        axisName: { color: INK, fontSize: 13 },
        splitLine: { lineStyle: { color: GRID } },
        splitArea: { show: false },
        axisLine: { lineStyle: { color: GRID } },
      },
      series: [{
        type: "radar",
        symbolSize: 5,
        data: data.series.map((series, place) => ({
          name: series.name,
          value: series.values.map((value) => value ?? 0),
          areaStyle: place === 0 ? { opacity: 0.16 } : undefined,
          lineStyle: { width: place === 0 ? 2 : 1.5, type: place === 0 ? "solid" : "dashed" },
        })),
      }],
    };
  }

  function trendOf(data) {
    const many = data.series.length > 1;
    const axis = (value) => data.unit === "%" ? `${value}%` : short(value);
    return {
      animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      animationDuration: 300,
      color: [PALETTE[0], PAST],
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12 },
      tooltip: { trigger: "axis", confine: true, axisPointer: { type: "line" }, valueFormatter: (value) => written(value, data.unit) },
      legend: many ? { top: 0, right: 12, itemHeight: 8, textStyle: { color: INK } } : undefined,
      grid: { left: 12, right: 18, top: many ? 34 : 16, bottom: 8, containLabel: true },
      xAxis: { type: "category", data: data.categories, boundaryGap: false, axisTick: { show: false }, axisLine: { lineStyle: { color: "#d5ddd9" } }, axisLabel: { color: INK, hideOverlap: true } },
      yAxis: { type: "value", scale: data.from_zero === false, splitNumber: 4, axisLabel: { color: INK, formatter: axis }, splitLine: { lineStyle: { color: GRID } } },
      series: data.series.map((series) => ({
        name: series.name,
        data: series.values,
        type: "line",
        z: series.is_past ? 1 : 2,
        showSymbol: false,
        symbolSize: 7,
        lineStyle: series.is_past ? { width: 1.5, type: "dashed" } : { width: 2.5 },
        areaStyle: series.is_past || data.from_zero === false ? undefined : { opacity: 0.1 },
      })),
    };
  }

  function whisker(params, api) {
    const [x, low] = api.coord([api.value(0), api.value(1)]);
    const high = api.coord([api.value(0), api.value(2)])[1];
    const cap = 5;
    const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: api.visual("color"), lineWidth: 1.5 } });
    return { type: "group", children: [line(x, low, x, high), line(x - cap, low, x + cap, low), line(x - cap, high, x + cap, high)] };
  }

  function intervalsOf(data) {
    const options = optionsOf("line", data);
    options.xAxis.axisLine = { show: true, onZero: true, lineStyle: { color: INK } };
    options.yAxis.scale = true;
    options.tooltip.valueFormatter = undefined;
    options.tooltip.formatter = (points) => {
      const place = points[0].dataIndex;
      const rows = data.series.map((series) => `${series.name} ${written(series.values[place], data.unit)}（${written(series.low[place], data.unit)} – ${written(series.high[place], data.unit)}）`);
      return [data.categories[place], ...rows].join("<br>");
    };
    options.series = data.series.flatMap((series, place) => {
      const color = PALETTE[place % PALETTE.length];
      const bounds = series.low.map((low, at) => [at, low, series.high[at]]).filter((bound) => bound[1] !== null && bound[2] !== null);
      return [
        { name: series.name, type: "line", data: series.values, symbol: "circle", symbolSize: 8, showSymbol: true, lineStyle: { width: 1.5, opacity: 0.5 }, itemStyle: { color }, z: 3 },
        { name: series.name, type: "custom", renderItem: whisker, data: bounds, encode: { x: 0, y: [1, 2] }, itemStyle: { color }, tooltip: { show: false }, silent: true },
      ];
    });
    return options;
  }

  function optionsOf(kind, data) {
    if (kind === "radar") return radarOf(data);
    if (kind === "trend") return trendOf(data);
    if (kind === "interval") return intervalsOf(data);
    const lying = kind === "barh";
    const many = data.series.length > 1;
    const names = { type: "category", data: data.categories, inverse: lying, axisTick: { show: false }, axisLine: { show: !lying, lineStyle: { color: "#d5ddd9" } }, axisLabel: { color: INK } };
    const numbers = { type: "value", axisLabel: { color: INK, formatter: short }, splitLine: { show: !lying, lineStyle: { color: GRID } }, splitNumber: 4, show: !lying };
    return {
      animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      animationDuration: 300,
      color: PALETTE,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12 },
      tooltip: { trigger: "axis", confine: true, axisPointer: { type: kind === "line" ? "line" : "shadow" }, valueFormatter: (value) => written(value, data.unit) },
      legend: many ? { top: 4, right: 12 } : undefined,
      grid: { left: 12, right: lying ? 56 : 16, top: many ? 40 : 16, bottom: 8, containLabel: true },
      xAxis: lying ? numbers : names,
      yAxis: lying ? names : numbers,
      series: data.series.map((series) => ({
        name: series.name,
        data: series.values,
        type: kind === "line" ? "line" : "bar",
        smooth: kind === "line",
        showSymbol: false,
        areaStyle: kind === "line" && !many ? { opacity: 0.12 } : undefined,
        barMaxWidth: lying ? 14 : 22,
        label: lying ? { show: true, position: "right", color: INK, formatter: (point) => short(point.value) } : undefined,
        itemStyle: { borderRadius: lying ? 7 : [4, 4, 0, 0] },
      })),
    };
  }

  let library = null;
  function loaded() {
    library ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = LIBRARY;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });
    return library;
  }

  const sight = new IntersectionObserver((entries) => {
    entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
      sight.unobserve(entry.target);
      loaded().then(() => draw(entry.target), () => { library = null; });
    });
  }, { rootMargin: NEAR });

  function draw(place) {
    const source = document.getElementById(place.dataset.source);
    if (!source || !place.isConnected || echarts.getInstanceByDom(place)) return;
    const chart = echarts.init(place, null, { renderer: "svg" });
    chart.setOption(optionsOf(place.dataset.chart, JSON.parse(source.textContent)));
    new ResizeObserver(() => chart.resize()).observe(place);
    place.dataset.drawn = "true";
  }

  function drawWithin(root) {
    if (root.matches?.("[data-chart]")) sight.observe(root);
    root.querySelectorAll("[data-chart]").forEach((place) => sight.observe(place));
  }

  document.addEventListener("DOMContentLoaded", () => drawWithin(document));
  document.addEventListener("htmx:load", (event) => drawWithin(event.detail.elt));
})();
