using System.Text.Json;

namespace ActorInference.Gpu.Models;

/// <summary>
/// The plainest tokenizer.json that serves: a token for each byte, in byte-level BPE's alphabet, and no merges. Every
/// other id has a text too, so that what a random model says can be printed.
/// </summary>
internal static class RandomModelTokenizer
{
    /// <summary>Id of the end-of-text token.</summary>
    public const int EndOfText = 256;

    private const string EndOfTextText = "<|endoftext|>";
    private const string ChatTemplate =
        "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}";

    public static void Write(int vocabSize, string folder)
    {
        WriteFile(Path.Combine(folder, "tokenizer.json"), json => WriteTokenizer(json, vocabSize));
        WriteFile(Path.Combine(folder, "tokenizer_config.json"), WriteConfig);
    }

    private static void WriteFile(string path, Action<Utf8JsonWriter> write)
    {
        using var stream = File.Create(path);
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        write(json);
    }

    private static void WriteConfig(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("tokenizer_class", "PreTrainedTokenizerFast");
        json.WriteString("eos_token", EndOfTextText);
        json.WriteString("chat_template", ChatTemplate);
        json.WriteEndObject();
    }

    private static void WriteTokenizer(Utf8JsonWriter json, int vocabSize)
    {
        json.WriteStartObject();
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        json.WriteStartArray("added_tokens");
        WriteEndOfText(json);
        json.WriteEndArray();
        json.WriteNull("normalizer");
        WriteByteLevel(json, "pre_tokenizer");
        json.WriteNull("post_processor");
        WriteByteLevel(json, "decoder");
        WriteModel(json, vocabSize);
        json.WriteEndObject();
    }

    private static void WriteEndOfText(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("id", EndOfText);
        json.WriteString("content", EndOfTextText);
        json.WriteBoolean("single_word", false);
        json.WriteBoolean("lstrip", false);
        json.WriteBoolean("rstrip", false);
        json.WriteBoolean("normalized", false);
        json.WriteBoolean("special", true);
        json.WriteEndObject();
    }

    private static void WriteByteLevel(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject(name);
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", false);
        json.WriteBoolean("trim_offsets", false);
        json.WriteBoolean("use_regex", false);
        json.WriteEndObject();
    }

    private static void WriteModel(Utf8JsonWriter json, int vocabSize)
    {
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteNull("dropout");
        json.WriteNull("unk_token");
        json.WriteNull("continuing_subword_prefix");
        json.WriteNull("end_of_word_suffix");
        json.WriteBoolean("fuse_unk", false);
        json.WriteBoolean("byte_fallback", false);
        json.WriteStartObject("vocab");
        for (var id = 0; id < vocabSize; id++) json.WriteNumber(Text(id), id);
        json.WriteEndObject();
        json.WriteStartArray("merges");
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string Text(int id) => id switch
    {
        < 256 => ByteCharacter((byte)id).ToString(),
        EndOfText => EndOfTextText,
        _ => $"{ByteCharacter((byte)' ')}t{id}",
    };

    /// <summary>GPT-2's alphabet: printable bytes stand for themselves, the others in order for the characters from 256 on.</summary>
    private static char ByteCharacter(byte value)
    {
        if (IsPrintable(value)) return (char)value;
        var before = 0;
        for (var i = 0; i < value; i++) before += IsPrintable((byte)i) ? 0 : 1;
        return (char)(256 + before);
    }

    private static bool IsPrintable(byte value) => value is >= 0x21 and <= 0x7e or >= 0xa1 and <= 0xac or >= 0xae;
}
