using System.Globalization;
using Azure;
using Azure.Data.Tables;
using LocalHost.Storage;

namespace LocalHost.Tables;

/// <summary>
/// An error of Table Storage. https://learn.microsoft.com/rest/api/storageservices/table-service-error-codes
/// </summary>
internal sealed record TableError(int Status, string Code, string Message)
{
    public static readonly TableError TableNotFound = new(404, "TableNotFound", "The table specified does not exist.");
    public static readonly TableError ResourceNotFound = new(404, "ResourceNotFound", "The specified resource does not exist.");
    public static readonly TableError EntityAlreadyExists = new(409, "EntityAlreadyExists", "The specified entity already exists.");
    public static readonly TableError UpdateConditionNotSatisfied = new(
        412,
        "UpdateConditionNotSatisfied",
        "The update condition specified in the request was not satisfied."
    );
    public static readonly TableError InvalidResourceName = new(
        400,
        "InvalidResourceName",
        "The specified resource name contains invalid characters."
    );
    public static readonly TableError InvalidInput = new(400, "InvalidInput", "One of the request inputs is not valid.");
    public static readonly TableError InvalidKey = new(400, "InvalidInput", "Bad Request - Error in query syntax.");
    public static readonly TableError OutOfRangeInput = new(400, "OutOfRangeInput", "One of the request inputs is out of range.");
    public static readonly TableError PropertiesNeedValue = new(
        400,
        "PropertiesNeedValue",
        "The values are not specified for all properties in the entity."
    );
    public static readonly TableError PropertyNameInvalid = new(400, "PropertyNameInvalid", "The property name is invalid.");
    public static readonly TableError PropertyNameTooLong = new(
        400,
        "PropertyNameTooLong",
        "The property name exceeds the maximum allowed length (255)."
    );
    public static readonly TableError PropertyValueTooLarge = new(
        400,
        "PropertyValueTooLarge",
        "The property value exceeds the maximum allowed size (64KB)."
    );
    public static readonly TableError KeyValueTooLarge = new(
        400,
        "KeyValueTooLarge",
        "The specified key is larger than the maximum allowed size (1KB)."
    );
    public static readonly TableError TooManyProperties = new(
        400,
        "TooManyProperties",
        "The entity contains more properties than allowed (255, with its keys and timestamp)."
    );
    public static readonly TableError EntityTooLarge = new(
        400,
        "EntityTooLarge",
        "The entity is larger than the maximum allowed size (1MB)."
    );
    public static readonly TableError InvalidDuplicateRow = new(
        400,
        "InvalidDuplicateRow",
        "The batch request contains multiple changes with same row key. An entity can appear only once in a batch request."
    );
    public static readonly TableError DifferentPartitions = new(
        400,
        "CommandsInBatchActOnDifferentPartitions",
        "All commands in a batch must operate on same entity group."
    );
    public static readonly TableError TooManyChanges = new(
        400,
        "InvalidInput",
        "The batch request operation exceeds the maximum 100 changes per change set."
    );
    public static readonly TableError RequestBodyTooLarge = new(
        413,
        "RequestBodyTooLarge",
        "The request body is too large and exceeds the maximum permissible limit."
    );

    /// <summary>The error while the database is unavailable: the outcome of a write is unknown; it may be retried.</summary>
    public static RequestFailedException InternalError(StorageUnavailableException cause) =>
        new(500, cause.Message, "InternalError", cause);

    public RequestFailedException ToException() => new(Status, Message, Code, null);

    public TableTransactionFailedException ToTransactionException(int index)
    {
        var exception = new RequestFailedException(Status, string.Create(CultureInfo.InvariantCulture, $"{index}:{Message}"), Code, null);
        // The SDK's exception reads its FailedTransactionActionIndex from here.
        exception.Data["FailedEntity"] = index.ToString(CultureInfo.InvariantCulture);
        return new TableTransactionFailedException(exception);
    }
}
