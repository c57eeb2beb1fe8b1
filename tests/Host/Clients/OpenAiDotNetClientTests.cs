using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using System.Text.Json.Nodes;
using ActorInference.Host.Tests.Testing;
using ActorInference.Roles.Gateway;
using OpenAI;
using OpenAI.Chat;

namespace ActorInference.Host.Tests.Clients;

/// <summary>OpenAI's own .NET client, as it comes, against this server.</summary>
public sealed class OpenAiDotNetClientTests
{
    [Fact]
    public async Task Chat_answers_with_text_finish_and_usage()
    {
        await using var server = await TestServer.StartAsync(_ => Script.SayAll("Good day.") with { CachedTokens = 3 });

        ChatCompletion answer = await Chat(server).CompleteChatAsync(
            [ChatMessage.CreateSystemMessage("Be kind."), ChatMessage.CreateUserMessage("Hello!")],
            new ChatCompletionOptions { Temperature = 0.5f, TopP = 0.9f, MaxOutputTokenCount = 20, StopSequences = { "###" }, EndUserId = "me" });

        Assert.Equal("Good day.", Assert.Single(answer.Content).Text);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        Assert.Equal(ChatMessageRole.Assistant, answer.Role);
        Assert.Equal((10, 3), (answer.Usage.OutputTokenCount, answer.Usage.InputTokenDetails.CachedTokenCount));
        Assert.Equal(20, server.Generator.Requests.Single().Sampling.MaxNewTokens);
    }

    [Fact]
    public async Task Chat_streams_text_and_ends_with_usage()
    {
        await using var server = await TestServer.StartAsync("Grüße, Welt 😀");
        var text = new StringBuilder();
        ChatFinishReason? finish = null;
        ChatTokenUsage? usage = null;

        await foreach (var update in Chat(server).CompleteChatStreamingAsync(ChatMessage.CreateUserMessage("Hello!")))
        {
            foreach (var part in update.ContentUpdate) text.Append(part.Text);
            finish ??= update.FinishReason;
            usage ??= update.Usage;
        }

        Assert.Equal("Grüße, Welt 😀", text.ToString());
        Assert.Equal(ChatFinishReason.Stop, finish);
        Assert.Equal(Encoding.UTF8.GetByteCount("Grüße, Welt 😀") + 1, usage?.OutputTokenCount);
    }

    [Fact]
    public async Task Chat_tells_logprobs()
    {
        await using var server = await TestServer.StartAsync(_ => Script.Say("abc"));

        ChatCompletion answer = await Chat(server).CompleteChatAsync(
            [ChatMessage.CreateUserMessage("Hello!")],
            new ChatCompletionOptions { IncludeLogProbabilities = true, TopLogProbabilityCount = 2, MaxOutputTokenCount = 3 });

        Assert.Equal(ChatFinishReason.Length, answer.FinishReason);
        Assert.Equal(["a", "b", "c"], answer.ContentTokenLogProbabilities.Select(token => token.Token));
        Assert.Equal(-0.097f, answer.ContentTokenLogProbabilities[0].LogProbability, 5);
        Assert.Equal("b"u8.ToArray(), answer.ContentTokenLogProbabilities[0].TopLogProbabilities[1].Utf8Bytes!.Value.ToArray());
    }

    [Fact]
    public async Task Models_are_listed_and_found()
    {
        await using var server = await TestServer.StartAsync("x");
        var models = Client(server).GetOpenAIModelClient();

        Assert.Equal(["bytes"], (await models.GetModelsAsync()).Value.Select(model => model.Id));
        Assert.Equal("actorinference", (await models.GetModelAsync("bytes")).Value.OwnedBy);
    }

    [Fact]
    public async Task Completions_work_through_the_clients_pipeline()
    {
        await using var server = await TestServer.StartAsync("!");
        var chat = Chat(server);
        using var message = chat.Pipeline.CreateMessage();
        message.Request.Method = "POST";
        message.Request.Uri = new Uri(server.Address, "/v1/completions");
        message.Request.Headers.Set("Content-Type", "application/json");
        message.Request.Content = BinaryContent.Create(BinaryData.FromString("""{"model":"bytes","prompt":["a","b"],"max_tokens":4}"""));

        await chat.Pipeline.SendAsync(message);

        Assert.Equal(200, message.Response!.Status);
        var body = JsonNode.Parse(message.Response.Content)!;
        Assert.Equal(["!", "!"], body["choices"]!.AsArray().Select(choice => (string?)choice!["text"]));
    }

    [Fact]
    public async Task Errors_arrive_as_the_clients_exceptions()
    {
        await using var server = await TestServer.StartAsync(_ => Script.Fail(GenerationError.Overloaded, "The queue is full."));

        var unknown = await Assert.ThrowsAsync<ClientResultException>(
            () => Client(server).GetChatClient("gpt-9").CompleteChatAsync(ChatMessage.CreateUserMessage("x")));
        var wrong = await Assert.ThrowsAsync<ClientResultException>(
            () => Chat(server).CompleteChatAsync([ChatMessage.CreateUserMessage("x")], new ChatCompletionOptions { Temperature = -1 }));
        var full = await Assert.ThrowsAsync<ClientResultException>(() => Chat(server).CompleteChatAsync(ChatMessage.CreateUserMessage("x")));

        Assert.Equal((404, 400, 429), (unknown.Status, wrong.Status, full.Status));
        Assert.Contains("The model 'gpt-9' does not exist", unknown.Message);
        Assert.Contains("temperature is -1", wrong.Message);
        Assert.Contains("The queue is full.", full.Message);
    }

    private static OpenAIClient Client(TestServer server) => new(new ApiKeyCredential("unused"), new OpenAIClientOptions
    {
        Endpoint = new Uri(server.Address, "/v1"),
        RetryPolicy = new ClientRetryPolicy(0),
        NetworkTimeout = TimeSpan.FromSeconds(120),
    });

    private static ChatClient Chat(TestServer server) => Client(server).GetChatClient("bytes");
}
