using System.Diagnostics;

namespace ActorInference.Persistence.Tests.Sql;

/// <summary>A file system in memory of one MiB, which can be filled without harm. Needs the right to mount.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    public static SmallDisk Mount(string folder)
    {
        var path = Directory.CreateDirectory(System.IO.Path.Combine(folder, "small")).FullName;
        Skip.IfNot(OperatingSystem.IsLinux(), "a small disk can only be made on Linux");
        Skip.IfNot(Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path), "no right to mount a small disk");
        return new SmallDisk(path);
    }

    public void Fill(string ballast)
    {
        try
        {
            using var file = new FileStream(ballast, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            var block = new byte[4096];
            while (true) file.Write(block);
        }
        catch (IOException)
        {
            // Now it is full, as was wanted.
        }
    }

    public void Dispose() => Run("umount", "--lazy", Path);

    private static bool Run(string command, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            return process.WaitForExit(TimeSpan.FromSeconds(60)) && process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;   // There is no such command.
        }
    }
}
