using System.CommandLine;
using System.Globalization;
using ActorInference.Host.Composition;

namespace ActorInference.Host.Cli;

/// <summary>A command-line option for a port that may be left closed.</summary>
public static class PortOption
{
    /// <summary>The value that opens no port.</summary>
    public const string None = "none";

    /// <summary>Null when absent.</summary>
    public static Option<PortRequest?> Create(string name, string description, int defaultPort) => new(name)
    {
        Description = $"{description}; 0 takes a free one, none opens none. Default: {defaultPort}, or a free one if that is taken.",
        CustomParser = result =>
        {
            var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (text == None) return new PortRequest(null, IsGiven: true);
            if (ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port)) return new PortRequest(port, IsGiven: true);
            result.AddError($"{name} is '{text}'; expected an integer from 0 to 65535, or none.");
            return null;
        },
    };
}
