using System.Diagnostics;

namespace ActorInference.Control.Tests;

/// <summary>A SQLite file for the journals of one node after another, in a folder of its own that goes with it.</summary>
internal sealed class JournalFile : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("control-journal-").FullName;

    public string Path => System.IO.Path.Combine(_folder, "journal.db");

    /// <summary>What a node was writing when it was killed may add a file while the folder is emptied: then it is emptied again.</summary>
    public void Dispose()
    {
        var watch = Stopwatch.StartNew();
        while (Directory.Exists(_folder))
        {
            try
            {
                Directory.Delete(_folder, recursive: true);
            }
            catch (IOException) when (watch.Elapsed < ControlNode.Patience)
            {
                // Not empty yet.
            }
        }
    }
}
