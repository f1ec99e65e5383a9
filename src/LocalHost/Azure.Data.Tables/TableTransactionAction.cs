namespace Azure.Data.Tables;

/// <summary>One action of a transaction. An update without an ETag inserts the entity where it is absent; a delete without one takes whatever is there.</summary>
public class TableTransactionAction(TableTransactionActionType actionType, ITableEntity entity, ETag etag = default)
{
    internal TableTransactionActionType ActionType { get; } = actionType;

    public ITableEntity Entity { get; } = entity;

    internal ETag ETag { get; } = etag;
}

public enum TableTransactionActionType
{
    Add = 0,
    UpdateMerge = 1,
    UpdateReplace = 2,
    Delete = 3,
    UpsertMerge = 4,
    UpsertReplace = 5,
}

public class TableTransactionFailedException : RequestFailedException
{
    internal TableTransactionFailedException(RequestFailedException requestFailedException)
        : base(requestFailedException.Status, requestFailedException.Message, requestFailedException.ErrorCode, requestFailedException.InnerException)
    {
    }

    /// <summary>The place of the action that was refused, where the service says which it was.</summary>
    internal int? FailedTransactionActionIndex { get; init; }
}
