using ActorInference.Host.Serving;
using ActorInference.Host.Tracing;

namespace ActorInference.Host.Http;

/// <summary>Ids by which clients name their requests.</summary>
public static class RequestIds
{
    private const int MaxCharacters = 256;

    extension(ActiveRequests active)
    {
        /// <summary>Enters a request for as long as the result is not disposed.</summary>
        /// <exception cref="ApiException">Another request under way has the id.</exception>
        public ActiveRequest Enter(string id)
        {
            if (id.Length is < 1 or > MaxCharacters) throw ApiException.Field("rid", $"of {id.Length} characters", $"1 to {MaxCharacters}");
            RequestSpan.Current?.NameAnswer(id);
            return active.TryAdd(id) ?? throw ApiException.Field("rid", $"\"{id}\"", "an id that no other request under way has");
        }
    }
}
