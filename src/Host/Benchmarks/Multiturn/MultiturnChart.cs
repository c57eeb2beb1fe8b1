using System.Globalization;
using System.Text;

namespace ActorInference.Host.Benchmarks.Multiturn;

/// <summary>Time to first token and hit rate by tiers, as an SVG file.</summary>
internal static class MultiturnChart
{
    private const int RowHeight = 64;
    private const int Top = 56;
    private const int Left = 90;
    private const int PanelWidth = 320;
    private const int Gap = 60;

    public static string Draw(IReadOnlyList<(string Tiers, MultiturnResult Result)> rows)
    {
        var height = Top + rows.Count * RowHeight + 40;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Left + 2 * PanelWidth + Gap + 80}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n");
        svg.Append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
        Text(svg, Left, 24, "Time to first token, s: average, p90", bold: true);
        Text(svg, Left + PanelWidth + Gap, 24, "Hit rate: device, host, storage; line: ideal", bold: true);
        var longest = Math.Max(1e-9, rows.Max(static row => row.Result.Ttft.P90));
        for (var i = 0; i < rows.Count; i++) Row(svg, rows[i].Tiers, rows[i].Result, Top + i * RowHeight, longest);
        return svg.Append("</svg>\n").ToString();
    }

    private static void Row(StringBuilder svg, string tiers, MultiturnResult result, int y, double longest)
    {
        Text(svg, 8, y + 26, tiers, bold: false);
        var ttft = result.Ttft;
        Bar(svg, Left, y + 6, ttft.Average / longest, "#2b6cb0", $"{ttft.Average:0.000}");
        Bar(svg, Left, y + 28, ttft.P90 / longest, "#90cdf4", $"{ttft.P90:0.000}");
        double at = 0;
        foreach (var (rate, colour) in new[]
        {
            (result.HitRate - result.HostHitRate - result.StorageHitRate, "#276749"), (result.HostHitRate, "#68d391"), (result.StorageHitRate, "#f6ad55"),
        })
        {
            Rectangle(svg, Left + PanelWidth + Gap + at * PanelWidth, y + 6, rate * PanelWidth, 40, colour);
            at += rate;
        }

        var ideal = Left + PanelWidth + Gap + result.IdealHitRate * PanelWidth;
        svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{ideal:0.#}\" x2=\"{ideal:0.#}\" y1=\"{y}\" y2=\"{y + 52}\" stroke=\"#333\" stroke-dasharray=\"4 3\"/>\n");
        Text(svg, Left + 2 * PanelWidth + Gap + 8, y + 30, result.HitRate.ToString("0.0 %", CultureInfo.InvariantCulture), bold: false);
    }

    private static void Bar(StringBuilder svg, int x, int y, double share, string colour, FormattableString label)
    {
        Rectangle(svg, x, y, share * (PanelWidth - 50), 18, colour);
        Text(svg, (int)(x + share * (PanelWidth - 50)) + 6, y + 13, label.ToString(CultureInfo.InvariantCulture), bold: false);
    }

    private static void Rectangle(StringBuilder svg, double x, int y, double width, int height, string colour) =>
        svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x:0.#}\" y=\"{y}\" width=\"{Math.Max(0, width):0.#}\" height=\"{height}\" fill=\"{colour}\"/>\n");

    private static void Text(StringBuilder svg, int x, int y, string text, bool bold) =>
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x}\" y=\"{y}\"{(bold ? " font-weight=\"bold\"" : "")}>{System.Net.WebUtility.HtmlEncode(text)}</text>\n");
}
