using System.Diagnostics;

namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>A file system in memory that can be filled to the last byte.</summary>
internal sealed class SmallDisk : IDisposable
{
    private const int Block = 64 << 10;

    private readonly TemporaryFolder _folder = new();

    private SmallDisk() { }

    public string Path => _folder.Path;

    private string Filler => System.IO.Path.Combine(Path, "filler");

    /// <summary>Whether this user may mount one.</summary>
    public static bool IsPossible { get; } = OperatingSystem.IsLinux() && TryMount();

    public static SmallDisk Mount(string size)
    {
        var disk = new SmallDisk();
        return Run("mount", "-t", "tmpfs", "-o", $"size={size},mode=700", "tmpfs", disk.Path)
            ? disk
            : throw new InvalidOperationException("A tmpfs could not be mounted.");
    }

    public string NewFolder() => Directory.CreateDirectory(System.IO.Path.Combine(Path, "data")).FullName;

    public void Fill()
    {
        using var file = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var size = Block; size > 0; size /= 2)
        {
            try
            {
                while (true)
                {
                    file.Write(new byte[size]);
                }
            }
            catch (IOException)
            {
                // Full, up to this size.
            }
        }
    }

    public void MakeRoom() => File.Delete(Filler);

    public void MakeReadOnly() => Run("mount", "-o", "remount,ro", Path);

    public void Dispose()
    {
        Run("umount", "--lazy", Path);
        _folder.Dispose();
    }

    private static bool TryMount()
    {
        try
        {
            Mount("1m").Dispose();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false }
        )!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}

/// <summary>A test that needs a disk of its own, which not every user may mount.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FactWhereMountableAttribute : FactAttribute
{
    public FactWhereMountableAttribute()
    {
        if (!SmallDisk.IsPossible)
        {
            Skip = "This user may not mount a tmpfs.";
        }
    }
}
