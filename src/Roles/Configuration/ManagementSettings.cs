using System.Net;
using Akka.Configuration;

namespace ActorInference.Roles.Configuration;

/// <summary>Who may reach the management routes: the section <c>actor-inference.management</c>.</summary>
/// <param name="Host">Address that they listen on.</param>
/// <param name="AdminKey">What those must name who change anything; empty for none.</param>
public sealed record ManagementSettings(IPAddress Host, string AdminKey)
{
    private const string Section = InferenceSettings.Root + ".management";

    internal static ManagementSettings Read(ConfigSection section)
    {
        var text = section.Text("host");
        var key = section.Text("admin-key");
        section.CheckNoOthers();
        if (!IPAddress.TryParse(text, out var host))
            throw new ConfigurationException($"{Section}.host is '{text}'; expected an IP address of this machine, such as 127.0.0.1 or 0.0.0.0.");
        return new ManagementSettings(host, key);
    }
}
