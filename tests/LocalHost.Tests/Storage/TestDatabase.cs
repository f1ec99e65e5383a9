using System.Text;
using LocalHost.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace LocalHost.Tests.Storage;

/// <summary>What the tests of the database have in common.</summary>
internal static class TestDatabase
{
    public static readonly DatabaseOptions Impatient = new() { RetryInterval = TimeSpan.FromMilliseconds(20), MinFreeBytesToReopen = 0 };

    public static Database Open(string folder, DatabaseOptions? options = null) =>
        Database.Open(folder, NullLogger.Instance, options ?? Impatient);

    public static byte[] Key(string name) => Encoding.UTF8.GetBytes("t" + name);

    /// <summary>Completes when everything that was submitted before is on disk, or has failed.</summary>
    public static ValueTask FlushAsync(this Database database) => database.WriteAsync(new Do(_ => { }));

    public static ValueTask PutAsync(this Database database, string name, string value) =>
        database.WriteAsync(new Put(name, Encoding.UTF8.GetBytes(value)));

    public static string? Get(this Database database, string name) =>
        database.Get(Key(name)) is { } value ? Encoding.UTF8.GetString(value) : null;
}

/// <summary>Puts one row, and remembers what became of it.</summary>
internal sealed class Put(string name, byte[] value) : WriteOperation
{
    public bool IsCommitted { get; private set; }

    public Exception? Failure { get; private set; }

    public override void Apply(WriteBatch batch) => batch.Put(TestDatabase.Key(name), value);

    public override void OnCommitted() => IsCommitted = true;

    public override void OnRolledBack(Exception exception) => Failure = exception;
}

/// <summary>Does what a test says.</summary>
internal sealed class Do(Action<WriteBatch> apply, Action? committed = null) : WriteOperation
{
    public override void Apply(WriteBatch batch) => apply(batch);

    public override void OnCommitted() => committed?.Invoke();
}
