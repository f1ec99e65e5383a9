using System.Collections.Concurrent;
using Azure;
using Azure.Data.Tables;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Tests.Deliveries;

/// <summary>What happened, in order, and what is to fail.</summary>
internal sealed class Steps
{
    private readonly ConcurrentQueue<string> _taken = new();
    private readonly ConcurrentDictionary<string, (int Times, Exception Exception)> _failures = new(StringComparer.Ordinal);

    public IReadOnlyList<string> Taken => [.. _taken];

    public void Fail(string step, int times = int.MaxValue, Exception? exception = null) =>
        _failures[step] = (times, exception ?? new RequestFailedException(503, "The server is busy."));

    public void Take(string step)
    {
        Check(step);
        _taken.Enqueue(step);
    }

    public void Check(string step)
    {
        if (_failures.TryGetValue(step, out var failure) && failure.Times > 0)
        {
            _failures[step] = (failure.Times - 1, failure.Exception);
            throw failure.Exception;
        }
    }
}

/// <summary>Tables that say when they are read and written.</summary>
internal sealed class RecordingTables(TableServiceClient inner, Steps steps) : TableServiceClient
{
    public override TableClient GetTableClient(string tableName) => new RecordingTable(inner.GetTableClient(tableName), tableName, steps);

    private sealed class RecordingTable(TableClient inner, string name, Steps steps) : TableClient
    {
        public override Task<NullableResponse<T>> GetEntityIfExistsAsync<T>(
            string partitionKey,
            string rowKey,
            IEnumerable<string>? select = null,
            CancellationToken cancellationToken = default
        )
        {
            steps.Take($"read {name}");
            return inner.GetEntityIfExistsAsync<T>(partitionKey, rowKey, select, cancellationToken);
        }

        public override Task<Response> AddEntityAsync<T>(T entity, CancellationToken cancellationToken = default)
        {
            steps.Take($"write {name}");
            return inner.AddEntityAsync(entity, cancellationToken);
        }

        public override Task<Response> UpdateEntityAsync<T>(
            T entity,
            ETag ifMatch,
            TableUpdateMode mode = TableUpdateMode.Merge,
            CancellationToken cancellationToken = default
        )
        {
            steps.Take($"write {name}");
            return inner.UpdateEntityAsync(entity, ifMatch, mode, cancellationToken);
        }

        public override async Task<Response<IReadOnlyList<Response>>> SubmitTransactionAsync(
            IEnumerable<TableTransactionAction> transactionActions,
            CancellationToken cancellationToken = default
        )
        {
            // The step is over when the rows are stored.
            steps.Check($"transaction {name}");
            var response = await inner.SubmitTransactionAsync(transactionActions, cancellationToken);
            steps.Take($"transaction {name}");
            return response;
        }

        public override Task<Response> DeleteEntityAsync(
            string partitionKey,
            string rowKey,
            ETag ifMatch = default,
            CancellationToken cancellationToken = default
        ) => inner.DeleteEntityAsync(partitionKey, rowKey, ifMatch, cancellationToken);

        public override async Task<Response> UpsertEntityAsync<T>(
            T entity,
            TableUpdateMode mode = TableUpdateMode.Merge,
            CancellationToken cancellationToken = default
        )
        {
            // The step is over when the row is stored.
            var response = await inner.UpsertEntityAsync(entity, mode, cancellationToken);
            steps.Take($"write {name}");
            return response;
        }
    }
}

/// <summary>A queue that keeps what is scheduled.</summary>
internal sealed class RecordingSender(Steps steps) : ServiceBusSender
{
    public List<(ServiceBusMessage Message, DateTimeOffset At)> Scheduled { get; } = [];

    public override Task<long> ScheduleMessageAsync(
        ServiceBusMessage message,
        DateTimeOffset scheduledEnqueueTime,
        CancellationToken cancellationToken = default
    )
    {
        steps.Take("schedule");
        Scheduled.Add((message, scheduledEnqueueTime));
        return Task.FromResult(1L);
    }

    public override Task SendMessageAsync(ServiceBusMessage message, CancellationToken cancellationToken = default)
    {
        steps.Take("send");
        Scheduled.Add((message, message.ScheduledEnqueueTime));
        return Task.CompletedTask;
    }
}

/// <summary>Settlements that are kept.</summary>
internal sealed class RecordingActions(Steps steps) : ServiceBusMessageActions
{
    public string? Reason { get; private set; }

    public string? Description { get; private set; }

    public override Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default)
    {
        steps.Take("complete");
        return Task.CompletedTask;
    }

    public override Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message,
        Dictionary<string, object>? propertiesToModify = default,
        string? deadLetterReason = default,
        string? deadLetterErrorDescription = default,
        CancellationToken cancellationToken = default
    )
    {
        steps.Take("dead-letter");
        (Reason, Description) = (deadLetterReason, deadLetterErrorDescription);
        return Task.CompletedTask;
    }
}
