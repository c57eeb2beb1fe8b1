using System.Globalization;
using System.Text;

namespace ActorInference.Gpu.ChatTemplates;

/// <summary>Python's strftime, in English.</summary>
internal static class DateText
{
    /// <exception cref="TemplateFault">The format has a directive that is not supported.</exception>
    public static string Format(DateTimeOffset time, string format)
    {
        var text = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }

            i++;
            var isPlain = i < format.Length && format[i] == '-';   // "%-d": without leading zeros.
            if (isPlain) i++;
            if (i >= format.Length) throw new TemplateFault($"the format '{format}' ends within a directive");
            var part = Directive(time, format[i]);
            text.Append(isPlain && part.Length > 1 ? part[..^1].TrimStart('0') + part[^1] : part);
        }

        return text.ToString();
    }

    private static string Directive(DateTimeOffset time, char directive) => directive switch
    {
        'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'u' => (((int)time.DayOfWeek + 6) % 7 + 1).ToString(CultureInfo.InvariantCulture),
        'w' => ((int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'Z' or 'z' => "",   // strftime_now has a time without zone.
        '%' => "%",
        'n' => "\n",
        't' => "\t",
        _ => time.ToString(DotNetFormat(directive), CultureInfo.InvariantCulture),
    };

    private static string DotNetFormat(char directive) => directive switch
    {
        'Y' => "yyyy",
        'y' => "yy",
        'm' => "MM",
        'B' => "MMMM",
        'b' or 'h' => "MMM",
        'd' => "dd",
        'A' => "dddd",
        'a' => "ddd",
        'H' => "HH",
        'I' => "hh",
        'M' => "mm",
        'S' => "ss",
        'f' => "ffffff",
        'p' => "tt",
        'F' => "yyyy-MM-dd",
        'T' or 'X' => "HH:mm:ss",
        'R' => "HH:mm",
        'D' or 'x' => "MM/dd/yy",
        _ => throw new TemplateFault($"the directive %{directive} of strftime_now is not supported"),
    };
}
