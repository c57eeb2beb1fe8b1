using ActorInference.Host.Cli;
using ActorInference.Host.Composition;

namespace ActorInference.Host.Tests.Composition;

public sealed class DataFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("actorinference-data-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_folder_is_made_and_one_process_at_a_time_has_it()
    {
        var path = Path.Combine(_folder, "a", "b");

        using (var first = DataFolder.Open(path))
        {
            Assert.Equal(path, first.Path);
            Assert.StartsWith($"--data is '{path}'; expected a folder that can be made and written, and that no other process has: ", Assert.Throws<UserErrorException>(() => DataFolder.Open(path)).Message);
        }

        DataFolder.Open(path).Dispose();
    }

    [Fact]
    public void A_file_is_no_folder()
    {
        var path = Path.Combine(_folder, "file");
        File.WriteAllText(path, "");

        Assert.StartsWith($"--data is '{path}'; expected a folder", Assert.Throws<UserErrorException>(() => DataFolder.Open(path)).Message);
    }
}
