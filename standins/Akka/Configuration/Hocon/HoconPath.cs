using System.Text;

namespace Akka.Configuration.Hocon;

/// <summary>Paths as callers write them: <c>akka.actor.deployment."/a.b"</c>.</summary>
internal static class HoconPath
{
    public static List<string> Parse(string path)
    {
        var keys = new List<string>();
        var key = new StringBuilder();
        var quoted = false;
        foreach (var c in path)
        {
            if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == '.' && !quoted)
            {
                keys.Add(key.ToString());
                key.Clear();
            }
            else
            {
                key.Append(c);
            }
        }

        keys.Add(key.ToString());
        return keys;
    }
}
