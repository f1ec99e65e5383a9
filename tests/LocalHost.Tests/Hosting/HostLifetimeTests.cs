using System.Net;
using System.Net.Sockets;
using LocalHost.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace LocalHost.Tests.Hosting;

public sealed class HostLifetimeTests
{
    [Fact]
    public async Task Banner_has_what_a_newcomer_needs()
    {
        using var folder = new TemporaryFolder();
        await using var host = await TestHost.StartAsync<Functions>(setup: new Setup { Folder = folder.Path });

        var lines = host.Output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

        var key = host.Services.GetRequiredService<IConfiguration>()["Access:AdminKey"];
        Assert.Contains(lines, line => line.EndsWith(folder.Path, StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains(key!, StringComparison.Ordinal));
        Assert.Contains(lines, line => line.EndsWith($"{host.Url}/portal", StringComparison.Ordinal));
        Assert.Equal($"Ready on {host.Url}", lines[^1]);
    }

    [Fact]
    public async Task Admin_key_is_shown_once_when_it_is_generated()
    {
        using var folder = new TemporaryFolder();
        await using (await TestHost.StartAsync<Functions>(setup: new Setup { Folder = folder.Path })) { }

        await using var again = await TestHost.StartAsync<Functions>(setup: new Setup { Folder = folder.Path });

        Assert.DoesNotContain(
            again.Services.GetRequiredService<IConfiguration>()["Access:AdminKey"]!,
            again.Output.ToString(),
            StringComparison.Ordinal
        );
        Assert.Contains(Path.Combine(folder.Path, "secrets.json"), again.Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_is_logged_when_it_begins_and_ends()
    {
        var host = await TestHost.StartAsync<Functions>();
        await host.DisposeAsync();

        Assert.Equal(
            ["Stopping…", "Stopped."],
            host.Output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)[^2..]
        );
    }

    [Fact]
    public async Task Banner_does_not_show_an_admin_key_that_the_environment_set()
    {
        await using var host = await TestHost.StartAsync<Functions>(setup: new Setup { Settings = { ["Access:AdminKey"] = "hunter2" } });

        Assert.DoesNotContain("hunter2", host.Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Configuration_has_the_settings_of_the_environment()
    {
        await using var host = await TestHost.StartAsync<Functions>(
            setup: new Setup { Settings = { ["Tables"] = "UseDevelopmentStorage=true", ["A:B"] = "c" } }
        );

        var configuration = host.Services.GetRequiredService<IConfiguration>();

        Assert.Equal(("UseDevelopmentStorage=true", "c"), (configuration["Tables"], configuration["A:B"]));
    }

    [Fact]
    public async Task Start_fails_with_the_port_when_it_is_in_use()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var exception = await Assert.ThrowsAsync<StartupException>(() => TestHost.StartAsync<Functions>(setup: new Setup { Port = port }));

        Assert.Contains($":{port}", exception.Message, StringComparison.Ordinal);
        Assert.Contains("--port", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Functions_are_logged_for_debugging_with_the_values_of_their_settings()
    {
        await using var host = await TestHost.StartAsync<Scheduled>(
            setup: new Setup { Settings = { ["Nightly"] = "0 0 3 * * *", ["Logging:LogLevel:Default"] = "Debug" } }
        );

        Assert.Contains(host.Logs.DebugMessages, message => message.EndsWith(": timer 0 0 3 * * *.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, "Nightly")]
    [InlineData("at night", "at night")]
    public async Task Start_fails_when_the_setting_of_a_schedule_is_absent_or_invalid(string? value, string named)
    {
        var exception = await Assert.ThrowsAsync<StartupException>(() =>
            TestHost.StartAsync<Scheduled>(setup: new Setup { Settings = { ["Nightly"] = value } })
        );

        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
        Assert.Contains("Purge", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_fails_when_the_options_of_the_app_are_invalid()
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() =>
            TestHost.StartAsync<Functions>(builder =>
                builder.Services.AddOptions<HostOptions>().Validate(_ => false, "Deliveries__Deadline: too long").ValidateOnStart()
            )
        );

        Assert.Contains("Deliveries__Deadline: too long", exception.Failures);
    }

    [Fact]
    public async Task Builder_builds_once()
    {
        using var folder = new TemporaryFolder();
        var builder = new LocalHostBuilder(new HostParts(CommandLine.Parse(["--data", folder.Path]), []) { Output = TextWriter.Null });
        await using var host = builder.Build();

        Assert.Throws<InvalidOperationException>(builder.Build);
        Assert.Throws<InvalidOperationException>(() => builder.Use(next => next));
    }

    [Fact]
    public async Task Stop_waits_for_requests_in_flight_and_then_stops_the_services()
    {
        var gate = new Gate();
        await using var host = await TestHost.StartAsync<Functions>(builder =>
            builder.Services.AddSingleton(gate).AddHostedService<Service>()
        );
        var response = host.Client.GetStringAsync("slow/1");
        await gate.Entered.Task.WaitAsync(TimeSpan.FromSeconds(20));

        var stop = host.StopAsync();
        await gate.Stopping.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.False(gate.ServiceStopped);
        gate.Leave.SetResult();

        Assert.Equal("slow", await response);
        await stop;
        Assert.True(gate.ServiceStopped);
    }

    [Fact]
    public async Task Stop_cancels_work_that_does_not_end()
    {
        var gate = new Gate();
        await using var host = await TestHost.StartAsync<Functions>(
            builder => builder.Services.AddSingleton(gate),
            new Setup { DrainTime = TimeSpan.FromMilliseconds(200) }
        );
        var response = host.Client.GetStringAsync("slow/1");
        await gate.Entered.Task.WaitAsync(TimeSpan.FromSeconds(20));

        await host.StopAsync();

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => response);
        gate.Leave.SetResult();
    }

    public sealed class Gate
    {
        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Leave { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Stopping { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool ServiceStopped { get; set; }
    }

    public sealed class Functions
    {
        [Function("Slow")]
        public async Task<IResult> Slow(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "slow/{id}")] HttpRequest request,
            string id,
            FunctionContext context
        )
        {
            var gate = context.InstanceServices.GetRequiredService<Gate>();
            gate.Entered.TrySetResult();
            await gate.Leave.Task;
            return Results.Text("slow");
        }

        [Function("Quick")]
        public IResult Quick([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "quick")] HttpRequest request) => Results.Ok();
    }

    public sealed class Scheduled
    {
        [Function("Purge")]
        public void Purge([TimerTrigger("%Nightly%")] TimerInfo timer) { }
    }

    private sealed class Service(Gate gate, IHostApplicationLifetime lifetime) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            lifetime.ApplicationStopping.Register(gate.Stopping.SetResult);
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            gate.ServiceStopped = true;
            return Task.CompletedTask;
        }
    }
}
