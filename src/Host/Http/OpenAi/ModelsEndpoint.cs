using ActorInference.Host.Serving;

namespace ActorInference.Host.Http.OpenAi;

/// <summary><c>GET /v1/models</c> and <c>/v1/models/{id}</c>.</summary>
public sealed class ModelsEndpoint(ServedModel model)
{
    public Task ListAsync(HttpContext http) =>
        http.Response.WriteAsJsonAsync(new ModelList("list", [Card]), ApiJson.Readable.ModelList, cancellationToken: http.RequestAborted);

    public Task GetAsync(HttpContext http)
    {
        var id = (string?)http.Request.RouteValues["id"];
        if (id != model.Name)
            throw new ApiException(ApiError.NotFound($"The model '{id}' does not exist; this server has '{model.Name}'.", "model", "model_not_found"));
        return http.Response.WriteAsJsonAsync(Card, ApiJson.Readable.ModelCard, cancellationToken: http.RequestAborted);
    }

    private ModelCard Card => new(model.Name, "model", model.Created.ToUnixTimeSeconds(), "actorinference", model.Name, model.ContextTokens);
}

public sealed record ModelList(string Object, IReadOnlyList<ModelCard> Data);

public sealed record ModelCard(string Id, string Object, long Created, string OwnedBy, string Root, int MaxModelLen);
