using System.Threading.Tasks.Sources;

namespace LocalHost.Storage;

/// <summary>
/// An atomic change of the database, submitted once. Its methods run on the writer thread in the order of submission, so they must be
/// quick, and need no locks against other operations.
/// </summary>
internal abstract class WriteOperation : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _completion = new() { RunContinuationsAsynchronously = true };

    internal ValueTask Completion => new(this, _completion.Version);

    /// <summary>
    /// Adds the changes to the batch, which may depend on <see cref="WriteBatch.Get"/>. If it throws, its changes are undone and only this
    /// operation fails, with that exception.
    /// </summary>
    public abstract void Apply(WriteBatch batch);

    /// <summary>The changes are on disk. Update memory here and not earlier, so that nobody sees what could still be lost.</summary>
    public virtual void OnCommitted() { }

    /// <summary>
    /// The changes are not stored. If the disk failed, this or <see cref="OnCommitted"/> is called when the outcome is known, which is after
    /// the caller got its <see cref="StorageUnavailableException"/>.
    /// </summary>
    public virtual void OnRolledBack(Exception exception) { }

    internal void Succeed() => _completion.SetResult(true);

    internal void Fail(Exception exception) => _completion.SetException(exception);

    void IValueTaskSource.GetResult(short token) => _completion.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _completion.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);
}
