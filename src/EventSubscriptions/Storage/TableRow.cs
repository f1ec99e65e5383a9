using Azure.Data.Tables;

namespace EventSubscriptions.Storage;

/// <summary>Columns of rows. A column that a row must have and lacks throws <see cref="InvalidDataException"/>.</summary>
internal static class TableRow
{
    /// <summary>The most rows of a transaction.</summary>
    public const int MaxTransaction = 100;

    /// <summary>Sets a column, unless the value is null: an absent column reads as null.</summary>
    public static void Set(this TableEntity row, string column, object? value)
    {
        if (value is not null)
        {
            row[column] = value;
        }
    }

    public static string RequireString(this TableEntity row, string column) => row.GetString(column) ?? throw Malformed(row, column);

    public static DateTimeOffset RequireTime(this TableEntity row, string column) =>
        row.GetDateTimeOffset(column) ?? throw Malformed(row, column);

    public static T RequireMember<T>(this TableEntity row, string column)
        where T : struct, Enum => EnumNames<T>.Find(row.GetString(column)) ?? throw Malformed(row, column);

    private static InvalidDataException Malformed(TableEntity row, string column) =>
        new($"The row '{row.RowKey}' of the partition '{row.PartitionKey}' lacks a valid value of '{column}'.");
}
