using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using EventSubscriptions.Options;
using EventSubscriptions.Secrets;
using EventSubscriptions.Storage;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Storage;

public sealed class TableCreationTests : IAsyncLifetime
{
    private static readonly RequestFailedException s_noRole = new(
        403,
        "This request is not authorized to perform this operation using this permission."
    );

    private readonly TestClock _clock = new();
    private readonly RecordingLogger<TableCreation> _log = new();
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);
    private readonly UnreadyTables _tables = new();
    private LocalServices _services = null!;
    private TableCreation _creation = null!;

    public async Task InitializeAsync()
    {
        _services = await LocalServices.StartAsync();
        _creation = Creation(Given.Protector);
    }

    public static TheoryData<Exception> Failures =>
        [
            s_noRole,
            new RequestFailedException(0, "connection refused"),
            new AggregateException(new RequestFailedException(0, "one"), new RequestFailedException(0, "two")),
            new Azure.Identity.CredentialUnavailableException("no identity yet"),
            new InvalidOperationException("anything"),
        ];

    public Task DisposeAsync()
    {
        _creation.Dispose();
        _services.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Start_fails_when_the_keys_differ_from_those_of_the_data()
    {
        _tables.Failure = null;
        await _creation.StartingAsync(default);
        using var later = Creation(Given.OtherProtector);

        var refusal = await Assert.ThrowsAsync<InvalidSettingsException>(() => later.StartingAsync(default));

        Assert.Contains("Secrets__Keys lacks the key that encrypted the data", refusal.Message, StringComparison.Ordinal);
        Assert.False(later.IsDone);

        // Stopping would cancel the start, and hide the reason.
        Assert.False(_lifetime.ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task App_stops_with_an_error_when_its_keys_are_found_to_be_wrong_later()
    {
        await new SecretCanary(_services.Tables, Given.OtherProtector).CheckAsync(default);
        var start = _creation.StartingAsync(default);
        await AdvanceAsync(start, TimeSpan.FromSeconds(20));
        await start.WaitAsync(Eventually.Deadline);
        Assert.False(_lifetime.ApplicationStopping.IsCancellationRequested);

        _tables.Failure = null;
        await AdvanceAsync(start, TimeSpan.FromSeconds(15));

        await Eventually.Until(() => _lifetime.ApplicationStopping.IsCancellationRequested, () => "the end of the app");
        Assert.False(_creation.IsDone);
        await Assert.ThrowsAsync<InvalidSettingsException>(() => _creation.StoppedAsync(default));
    }

    [Fact]
    public async Task Replaced_key_can_be_removed_after_a_start_with_the_new_one_first()
    {
        _tables.Failure = null;
        await _creation.StartingAsync(default);
        using var rotated = Creation(Given.ProtectorWithNewKey);
        await rotated.StartingAsync(default);
        using var last = Creation(Given.ProtectorWithNewKeyAlone);

        await last.StartingAsync(default);

        Assert.True(last.IsDone);
        using var old = Creation(Given.Protector);
        await Assert.ThrowsAsync<InvalidSettingsException>(() => old.StartingAsync(default));
    }

    [Fact]
    public async Task Tables_exist_before_the_start_continues()
    {
        _tables.Failure = null;

        await _creation.StartingAsync(default);

        Assert.True(_creation.IsDone);
        Assert.Equal(TableNames.All.Order(StringComparer.Ordinal), _tables.Created.Order(StringComparer.Ordinal));
        Assert.Empty(_log.Entries);
    }

    [Fact]
    public async Task Start_waits_up_to_20_seconds_for_storage()
    {
        var start = _creation.StartingAsync(default);
        await AdvanceAsync(start, TimeSpan.FromSeconds(10));
        Assert.False(start.IsCompleted);
        Assert.False(_creation.IsDone);

        _tables.Failure = null;
        await AdvanceAsync(start, TimeSpan.FromSeconds(9));

        await start.WaitAsync(Eventually.Deadline);
        Assert.True(_creation.IsDone);
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Start_continues_after_20_seconds_and_the_tables_are_created_later(Exception failure)
    {
        _tables.Failure = failure;
        var start = _creation.StartingAsync(default);
        await AdvanceAsync(start, TimeSpan.FromSeconds(20));
        await start.WaitAsync(Eventually.Deadline);
        Assert.False(_creation.IsDone);
        Assert.Contains(
            _log.Entries,
            entry => entry.Level == LogLevel.Error && entry.Message.Contains("Starting without tables", StringComparison.Ordinal)
        );
        Assert.Contains(_log.Entries, entry => entry.Level == LogLevel.Warning && entry.Exception == failure);

        _tables.Failure = null;
        await AdvanceAsync(start, TimeSpan.FromSeconds(15));

        await Eventually.Until(
            () => _log.Entries is [.., { Level: LogLevel.Information, Message: "The tables are ready." }],
            () => "the tables in the log"
        );
        Assert.True(_creation.IsDone);
    }

    [Fact]
    public async Task Start_does_not_wait_for_a_client_that_does_not_respond()
    {
        using var creation = new TableCreation(
            new SilentTables(),
            new SecretCanary(_services.Tables, Given.Protector),
            _lifetime,
            _clock,
            _log
        );
        var start = creation.StartingAsync(default);
        Assert.False(start.IsCompleted);

        _clock.Advance(TimeSpan.FromSeconds(20));

        await start.WaitAsync(Eventually.Deadline);
        Assert.False(creation.IsDone);
    }

    [Fact]
    public async Task Stop_ends_the_retries()
    {
        var start = _creation.StartingAsync(default);
        await AdvanceAsync(start, TimeSpan.FromSeconds(20));
        await start.WaitAsync(Eventually.Deadline);
        await UntilWaitingAsync(start);
        var tries = _tables.Tries;

        await _creation.StoppingAsync(default);
        await Eventually.Until(() => _clock.PendingTimers == 0, () => "the end of the wait");
        _clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(tries, _tables.Tries);
    }

    [Fact]
    public async Task Cancelled_start_ends_at_once()
    {
        using var cancellation = new CancellationTokenSource();
        var start = _creation.StartingAsync(cancellation.Token);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => start);
    }

    private TableCreation Creation(SecretProtector protector) =>
        new(_tables, new SecretCanary(_services.Tables, protector), _lifetime, _clock, _log);

    /// <summary>Lets time pass in steps, each once the timer of the next retry is set.</summary>
    private async Task AdvanceAsync(Task start, TimeSpan time)
    {
        var step = TimeSpan.FromMilliseconds(100);
        for (var passed = TimeSpan.Zero; passed < time; passed += step)
        {
            await UntilWaitingAsync(start);
            _clock.Advance(step);
        }
    }

    private Task UntilWaitingAsync(Task start) =>
        Eventually.Until(
            () =>
                _creation.IsDone
                || _lifetime.ApplicationStopping.IsCancellationRequested
                || _clock.PendingTimers == (start.IsCompleted ? 1 : 2),
            () => "the wait for the next retry"
        );

    private sealed class UnreadyTables : TableServiceClient
    {
        private readonly List<string> _created = [];

        public Exception? Failure { get; set; } = s_noRole;

        public int Tries { get; private set; }

        public IReadOnlyList<string> Created => _created;

        public override TableClient GetTableClient(string tableName) => new UnreadyTable(this, tableName);

        private sealed class UnreadyTable(UnreadyTables tables, string name) : TableClient
        {
            public override Task<Response<TableItem>> CreateIfNotExistsAsync(CancellationToken cancellationToken = default)
            {
                tables.Tries++;
                if (tables.Failure is { } failure)
                {
                    return Task.FromException<Response<TableItem>>(failure);
                }

                tables._created.Add(name);
                return Task.FromResult<Response<TableItem>>(null!);
            }
        }
    }
}
