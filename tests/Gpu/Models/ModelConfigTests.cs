using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Tests.Models;

public sealed class ModelConfigTests : IDisposable
{
    private readonly ModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_configuration_is_read_with_its_defaults()
    {
        var config = ModelConfig.Load(_folder.Path);

        Assert.Equal(ModelArchitecture.Llama, config.Architecture);
        Assert.Equal((32, 48, 1, 4, 2, 8), (config.HiddenSize, config.IntermediateSize, config.Layers, config.Heads, config.KvHeads, config.HeadDim));
        Assert.Equal((261, 128, 1e-5f), (config.VocabSize, config.MaxPositionEmbeddings, config.RmsNormEps));
        Assert.Equal(new RopeParameters(10_000, RopeScaling.Linear, 2), config.Rope);
        Assert.True(config.TieWordEmbeddings);
        Assert.False(config.QkvBias || config.OutputBias || config.MlpBias || config.QkNorm);
        Assert.Null(config.BosTokenId);
        Assert.Empty(config.EosTokenIds);
        Assert.Equal("float32", config.Dtype);
    }

    [Theory]
    [InlineData("architectures", "[\"MambaForCausalLM\"]", "LlamaForCausalLM")]
    [InlineData("architectures", "[]", "LlamaForCausalLM")]
    [InlineData("architectures", "\"LlamaForCausalLM\"", "a list")]
    [InlineData("architectures", null, "missing")]
    [InlineData("hidden_size", null, "missing")]
    [InlineData("hidden_size", "0", "an integer from 1")]
    [InlineData("hidden_size", "-64", "-64")]
    [InlineData("hidden_size", "\"64\"", "an integer")]
    [InlineData("hidden_size", "64.5", "64.5")]
    [InlineData("hidden_size", "99999999999", "99999999999")]
    [InlineData("intermediate_size", "true", "true")]
    [InlineData("num_hidden_layers", "100000", "100000")]
    [InlineData("num_attention_heads", "5", "a divisor of hidden_size, 32")]
    [InlineData("num_key_value_heads", "3", "a divisor of num_attention_heads, 4")]
    [InlineData("num_key_value_heads", "0", "an integer")]
    [InlineData("head_dim", "7", "even")]
    [InlineData("head_dim", "4096", "4096")]
    [InlineData("vocab_size", null, "missing")]
    [InlineData("vocab_size", "[1]", "[1]")]
    [InlineData("max_position_embeddings", "0", "an integer")]
    [InlineData("rms_norm_eps", "-1", "a number")]
    [InlineData("rms_norm_eps", "\"tiny\"", "tiny")]
    [InlineData("rope_theta", "0", "a number")]
    [InlineData("rope_scaling", "7", "an object")]
    [InlineData("rope_scaling", "{\"rope_type\":\"yarn\",\"factor\":4}", "default, linear, llama3 or longrope")]
    [InlineData("rope_scaling", "{\"rope_type\":\"linear\"}", "rope_scaling.factor is missing")]
    [InlineData("rope_scaling", "{\"type\":\"llama3\",\"factor\":8,\"low_freq_factor\":4,\"high_freq_factor\":1}", "more than low_freq_factor")]
    [InlineData("rope_parameters", "{\"rope_type\":\"linear\",\"factor\":0.5}", "rope_parameters.factor")]
    [InlineData("tie_word_embeddings", "1", "true or false")]
    [InlineData("hidden_act", "\"gelu\"", "silu")]
    [InlineData("quantization_config", "{\"quant_method\":\"gptq\"}", "F32, F16 or BF16")]
    [InlineData("use_sliding_window", "true", "false")]
    [InlineData("partial_rotary_factor", "0.5", "1")]
    [InlineData("bos_token_id", "261", "0 to 260")]
    [InlineData("eos_token_id", "[1, 999]", "0 to 260")]
    [InlineData("eos_token_id", "[\"x\"]", "0 to 260")]
    public void A_bad_field_is_one_clear_error(string field, string? json, string part)
    {
        _folder.SetConfig(field, json);

        var error = Assert.Throws<ModelFormatException>(() => ModelConfig.Load(_folder.Path));

        Assert.Equal(_folder.Config, error.File);
        Assert.Contains(field, error.Message);
        Assert.Contains(part, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[1, 2]")]
    [InlineData("{\"hidden_size\": \"\\ud800\"}")]
    [InlineData("{\"\\udfff\": 1}")]
    public void A_file_that_is_no_JSON_object_is_one_clear_error(string content)
    {
        File.WriteAllText(_folder.Config, content);

        Assert.Contains("content is", Assert.Throws<ModelFormatException>(() => ModelConfig.Load(_folder.Path)).Message);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_one_clear_error()
    {
        File.WriteAllBytes(_folder.Config, [(byte)'{', (byte)'"', 0xff, 0xfe, (byte)'"', (byte)':', (byte)'1', (byte)'}']);

        Assert.Contains("content is", Assert.Throws<ModelFormatException>(() => ModelConfig.Load(_folder.Path)).Message);
    }

    [Fact]
    public void A_missing_file_or_folder_is_named()
    {
        File.Delete(_folder.Config);

        Assert.Contains("config.json: file is missing", Assert.Throws<ModelFormatException>(() => ModelConfig.Load(_folder.Path)).Message);
        Assert.Contains("folder is missing", Assert.Throws<ModelFormatException>(() => ModelConfig.Load(_folder.File("absent"))).Message);
    }

    [Fact]
    public void Newer_files_keep_rotation_in_rope_parameters()
    {
        _folder.SetConfig("rope_scaling", null);
        _folder.SetConfig("rope_theta", null);
        _folder.SetConfig("rope_parameters",
            """{"rope_theta":500000,"rope_type":"llama3","factor":32,"low_freq_factor":1,"high_freq_factor":4,"original_max_position_embeddings":8192}""");

        Assert.Equal(new RopeParameters(500_000, RopeScaling.Llama3, 32, 1, 4, 8192), ModelConfig.Load(_folder.Path).Rope);
    }

    [Fact]
    public void Ends_of_text_come_from_both_files()
    {
        _folder.SetConfig("eos_token_id", "2");
        _folder.SetConfig("bos_token_id", "1");
        File.WriteAllText(_folder.File("generation_config.json"), """{"eos_token_id":[3,2],"temperature":0.7,"top_p":0.8,"top_k":20,"do_sample":true}""");

        var config = ModelConfig.Load(_folder.Path);
        var defaults = GenerationDefaults.Load(_folder.Path);

        Assert.Equal([2, 3], config.EosTokenIds.ToArray());
        Assert.Equal(1, config.BosTokenId);
        Assert.Equal((0.7f, 0.8f, 20, true), (defaults.Temperature, defaults.TopP, defaults.TopK, defaults.DoSample));
        Assert.Null(defaults.RepetitionPenalty);
    }

    [Theory]
    [InlineData("""{"temperature":-1}""", "temperature")]
    [InlineData("""{"top_p":1.5}""", "top_p")]
    [InlineData("""{"top_p":0}""", "top_p")]
    [InlineData("""{"top_k":-2}""", "top_k")]
    [InlineData("""{"repetition_penalty":0}""", "repetition_penalty")]
    [InlineData("""{"do_sample":"yes"}""", "do_sample")]
    public void A_bad_generation_default_is_one_clear_error(string json, string field)
    {
        File.WriteAllText(_folder.File("generation_config.json"), json);

        Assert.Equal(field, Assert.Throws<ModelFormatException>(() => GenerationDefaults.Load(_folder.Path)).Field);
    }

    [Theory]
    [InlineData("qwen2", ModelArchitecture.Qwen2, true, false)]
    [InlineData("qwen3", ModelArchitecture.Qwen3, false, true)]
    public void Architectures_differ_in_biases_and_head_norms(string fixture, ModelArchitecture architecture, bool bias, bool norm)
    {
        using var folder = new ModelFolder(fixture);

        var config = ModelConfig.Load(folder.Path);

        Assert.Equal((architecture, bias, false, norm), (config.Architecture, config.QkvBias, config.OutputBias, config.QkNorm));
    }
}
