using System.Text.Json.Nodes;
using ActorInference.Gpu.ChatTemplates;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Tests.ChatTemplates;

public sealed class ChatTemplateLoadTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("actorinference-template-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    [InlineData("""{"chat_template": null}""")]
    public void A_folder_without_a_template_gives_none(string? config)
    {
        if (config is not null) WriteConfig(config);
        Assert.Null(ChatTemplate.Load(_folder));
    }

    [Theory]
    [InlineData("""{"chat_template": "a{{ bos_token }}"}""")]
    [InlineData("""{"chat_template": [{"name": "tool_use", "template": "b"}, {"name": "default", "template": "a{{ bos_token }}"}]}""")]
    public void The_template_of_the_tokenizer_config_is_used(string config)
    {
        WriteConfig(config);
        Assert.Equal("a<s>", ChatTemplate.Load(_folder)!.Render(new ChatTemplateInput { Messages = [], BosToken = "<s>" }));
    }

    [Fact]
    public void A_template_file_goes_before_the_tokenizer_config()
    {
        WriteConfig("""{"chat_template": "a"}""");
        File.WriteAllText(Path.Combine(_folder, "chat_template.jinja"), "b\n");
        Assert.Equal("b", ChatTemplate.Load(_folder)!.Render(new ChatTemplateInput { Messages = [] }));
    }

    [Theory]
    [InlineData("[]", "file is not a JSON object")]
    [InlineData("{\n\"chat_template\": x}", "line 2 is not JSON")]
    [InlineData("""{"chat_template": 5}""", "chat_template is of kind Number; expected a string, or a list of {name, template}.")]
    [InlineData("""{"chat_template": [{"name": "x", "template": "y"}, 5]}""", "chat_template is a list without it; expected an entry")]
    [InlineData("""{"chat_template": "\n{% if %}"}""", "chat_template line 2 is '%}'; expected an expression.")]
    [InlineData("""{"chat_template": "\ud800"}""", "file is not usable JSON")]
    [InlineData("""{"chat_template": "a", "chat_template": "b"}""", "file is not usable JSON")]
    public void A_broken_config_is_named_with_what_was_expected(string config, string message)
    {
        WriteConfig(config);
        var error = Assert.Throws<ModelFormatException>(() => ChatTemplate.Load(_folder));
        Assert.StartsWith($"{Path.Combine(_folder, "tokenizer_config.json")}: {message}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_template_file_is_named_with_its_line()
    {
        var file = Path.Combine(_folder, "chat_template.jinja");
        File.WriteAllText(file, "a\n{{ b | c }}");
        Assert.StartsWith($"{file}: line 2 is the filter 'c'; expected one of ", Assert.Throws<ModelFormatException>(() => ChatTemplate.Load(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_shipped_model_s_template_writes_its_dialogue()
    {
        var template = ChatTemplate.Load(Path.Combine(RepositoryRoot(), "models", "demo"))!;
        JsonArray messages = [Message("system", "Be kind."), Message("user", " Hello! "), Message("assistant", "Hi."), Message("user", "Bye.")];
        var text = template.Render(new ChatTemplateInput { Messages = messages, AddGenerationPrompt = true, BosToken = "<|begin|>", EosToken = "<|end|>" });
        Assert.Equal("<|begin|><|system|>Be kind.<|end|><|user|>Hello!<|end|><|assistant|>Hi.<|end|><|user|>Bye.<|end|><|assistant|>", text);
    }

    [Fact]
    public void Many_threads_render_one_template_at_once()
    {
        var template = ChatTemplate.Parse("{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + m.content|int %}{% endfor %}{{ ns.n }}", "t");
        Parallel.For(0, 200, i =>
        {
            JsonArray messages = [Message("user", $"{i}"), Message("user", "1")];
            Assert.Equal($"{i + 1}", template.Render(new ChatTemplateInput { Messages = messages }));
        });
    }

    [Theory]
    [InlineData("{{ tools is none }}{{ bos_token is defined }}{{ add_generation_prompt }}", "TrueFalseFalse")]
    [InlineData("{{ enable_thinking }}{{ documents is none }}{{ messages }}", "FalseTrue[]")]
    public void Absent_input_is_what_transformers_makes_of_it(string template, string expected) =>
        Assert.Equal(expected, ChatTemplate.Parse(template, "t").Render(new ChatTemplateInput { Messages = [], Extra = new JsonObject { ["enable_thinking"] = false } }));

    [Fact]
    public void Rendering_leaves_the_input_as_it_was()
    {
        JsonArray messages = [Message("user", "a")];
        var before = messages.ToJsonString();
        ChatTemplate.Parse("{% set _ = messages.append(1) %}{{ messages|length }}", "t").Render(new ChatTemplateInput { Messages = messages });
        Assert.Equal(before, messages.ToJsonString());
    }

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };

    private void WriteConfig(string json) => File.WriteAllText(Path.Combine(_folder, "tokenizer_config.json"), json);

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "ActorInference.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("The tests run outside the repository.");
    }
}
