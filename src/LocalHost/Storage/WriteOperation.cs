using System.Threading.Tasks.Sources;

namespace LocalHost.Storage;

/// <summary>
/// Something to be stored as a whole, once. All that is called here runs on the database's writer thread, in the order in which operations
/// were submitted, so it must be quick and needs no locks against other operations.
/// </summary>
internal abstract class WriteOperation : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _completion = new() { RunContinuationsAsynchronously = true };

    internal ValueTask Completion => new(this, _completion.Version);

    /// <summary>
    /// Puts the changes into the batch, and may decide by what <see cref="WriteBatch.Get"/> says. If it throws, what it has put is taken
    /// back and only this operation fails, with that exception.
    /// </summary>
    public abstract void Apply(WriteBatch batch);

    /// <summary>The changes are safely on disk. Changes in memory belong here: nobody must see what could still be lost.</summary>
    public virtual void Committed() { }

    /// <summary>
    /// The changes are not stored and won't be. When the disk fails this comes later than the <see cref="StorageUnavailableException"/>
    /// that the caller gets, namely when the outcome is certain; it may then be <see cref="Committed"/> as well.
    /// </summary>
    public virtual void Failed(Exception exception) { }

    internal void Succeed() => _completion.SetResult(true);

    internal void Fail(Exception exception) => _completion.SetException(exception);

    void IValueTaskSource.GetResult(short token) => _completion.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _completion.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);
}
