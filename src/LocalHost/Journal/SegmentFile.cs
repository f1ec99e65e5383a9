using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace LocalHost.Journaling;

/// <summary>One file of the journal, named for the journal's position where it starts.</summary>
internal sealed class SegmentFile(string path, long start, SafeFileHandle handle) : IDisposable
{
    private const string Extension = ".journal";

    public string Path { get; } = path;

    public long Start { get; } = start;

    public SafeFileHandle Handle { get; } = handle;

    public static SegmentFile Create(string folder, long start)
    {
        var path = System.IO.Path.Combine(folder, start.ToString("D19", CultureInfo.InvariantCulture) + Extension);
        return new(path, start, File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite));
    }

    /// <summary>The segments in a folder, oldest first.</summary>
    public static IReadOnlyList<SegmentFile> OpenAll(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*" + Extension)
            .Select(path => (path, start: long.Parse(System.IO.Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture)))
            .OrderBy(file => file.start)
            .Select(file => new SegmentFile(file.path, file.start, File.OpenHandle(file.path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite)))];

    public static int ReadFully(SafeFileHandle handle, Span<byte> destination, long position)
    {
        var total = 0;
        while (total < destination.Length)
        {
            var read = RandomAccess.Read(handle, destination[total..], position + total);
            if (read == 0)
                break;
            total += read;
        }
        return total;
    }

    public void Delete()
    {
        Handle.Dispose();
        File.Delete(Path);
    }

    public void Dispose() => Handle.Dispose();
}
