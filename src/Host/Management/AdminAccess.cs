using System.Net;
using System.Security.Cryptography;
using System.Text;
using Akka.Configuration;
using HttpStatusCode = Ceen.HttpStatusCode;

namespace ActorInference.Host.Management;

/// <summary>Who may change things by a management route: whoever has the admin key, and on loopback whoever is on this machine.</summary>
internal static class AdminAccess
{
    private const string Scheme = "Bearer ";

    /// <summary>Why a request may not change anything; null if it may.</summary>
    public static JsonAnswer? Refusal(RouteCall call, bool readOnly)
    {
        var config = call.System.Settings.Config;
        if (readOnly) return JsonAnswer.Error(HttpStatusCode.Forbidden, "akka.management.http.route-providers-read-only is on; nothing can be changed here.");
        // A page that a user of this machine has open may ask for anything here, and its browser says that it did.
        if (call.Header("Origin") is { } origin) return JsonAnswer.Error(HttpStatusCode.Forbidden, $"Origin is '{origin}'; expected a request that is not a web page's.");
        if (IsOnLoopback(config)) return null;
        var key = config.GetString("actor-inference.management.admin-key");
        if (string.IsNullOrEmpty(key))
            return JsonAnswer.Error(HttpStatusCode.Forbidden, "actor-inference.management.admin-key is ''; expected a key, since these routes are not on loopback.");
        return call.Header("Authorization") is { } given && Matches(given, key)
            ? null
            : JsonAnswer.Error(HttpStatusCode.Unauthorized, "Authorization is missing or wrong; expected 'Bearer' and actor-inference.management.admin-key.");
    }

    private static bool IsOnLoopback(Config config)
    {
        var bound = config.GetString("akka.management.http.bind-hostname");
        if (string.IsNullOrEmpty(bound)) bound = config.GetString("akka.management.http.hostname");
        return bound == "localhost" || (IPAddress.TryParse(bound, out var address) && IPAddress.IsLoopback(address));
    }

    /// <summary>Takes the same time wherever they differ.</summary>
    private static bool Matches(string authorization, string key) =>
        authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim()), Encoding.UTF8.GetBytes(key));
}
