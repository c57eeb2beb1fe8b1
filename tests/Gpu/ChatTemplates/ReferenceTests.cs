using System.Text.Json.Nodes;
using ActorInference.Gpu.ChatTemplates;

namespace ActorInference.Gpu.Tests.ChatTemplates;

/// <summary>Against what Jinja2 itself renders, set up as transformers does: reference/generate.py wrote it.</summary>
public class ReferenceTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "ChatTemplates", "reference");
    private static readonly JsonObject Reference = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "reference.json")))!.AsObject();

    public static TheoryData<int, string> Snippets()
    {
        var data = new TheoryData<int, string>();
        foreach (var (index, snippet) in Reference["snippets"]!.AsArray().Index()) data.Add(index, (string)snippet!["template"]!);
        return data;
    }

    public static TheoryData<int, string> Conversations()
    {
        var data = new TheoryData<int, string>();
        foreach (var (index, one) in Reference["conversations"]!.AsArray().Index())
            data.Add(index, $"{one!["template"]}, {one["messages"]}, {one["tools"]} tools, {one["extra"]!.ToJsonString()}");
        return data;
    }

    [Theory]
    [MemberData(nameof(Snippets))]
    public void A_snippet_renders_as_in_Jinja(int index, string template)
    {
        var data = Reference["data"]!.AsObject();
        Check(Reference["snippets"]![index]!, template, new ChatTemplateInput { Messages = data["messages"]!.AsArray(), Extra = data });
    }

    [Theory]
    [MemberData(nameof(Conversations))]
    public void A_conversation_renders_as_in_transformers(int index, string name)
    {
        var one = Reference["conversations"]![index]!;
        var tools = Reference["tools"]!.AsArray();
        var input = new ChatTemplateInput
        {
            Messages = Reference["messages"]![(string)one["messages"]!]!.AsArray(),
            Tools = (int)one["tools"]! == 0 ? null : tools,
            BosToken = "<s>",
            EosToken = "</s>",
            Extra = one["extra"]!.AsObject(),
        };
        Assert.Contains((string)one["messages"]!, name, StringComparison.Ordinal);
        Check(one, File.ReadAllText(Path.Combine(Folder, "templates", (string)one["template"]!)), input);
    }

    private static void Check(JsonNode reference, string template, ChatTemplateInput input)
    {
        var clock = new FixedClock(new DateTimeOffset(2026, 1, 5, 18, 9, 7, TimeSpan.Zero));
        if (reference["expected"] is { } expected)
        {
            Assert.Equal((string?)expected, ChatTemplate.Parse(template, "test").Render(input, clock));
            return;
        }

        var error = (string)reference["error"]!;
        var exception = Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(template, "test").Render(input, clock));
        const string Refusal = "TemplateError: ";
        if (error.StartsWith(Refusal, StringComparison.Ordinal)) Assert.Equal(error[Refusal.Length..], exception.Message);
        else Assert.StartsWith("line ", exception.Message, StringComparison.Ordinal);
    }
}
