using System.Diagnostics;

namespace EventSubscriptions.Tests.Infrastructure;

/// <summary>The program that is deployed to Azure, started as the Functions host starts it.</summary>
public sealed class AzureProgramTests
{
    private static readonly string s_program = Path.Combine(Path.GetDirectoryName(FunctionsMetadataTests.File)!, "FunctionsApp");

    [Fact]
    public async Task Start_ends_with_all_invalid_settings_and_no_stack_trace()
    {
        var start = new ProcessStartInfo(
            s_program,
            [
                "--host",
                "127.0.0.1",
                "--port",
                "1",
                "--workerId",
                "worker",
                "--requestId",
                "request",
                "--grpcMaxMessageLength",
                "1000000",
                "--functions-uri",
                "http://127.0.0.1:1/",
                "--functions-worker-id",
                "worker",
                "--functions-request-id",
                "request",
                "--functions-grpc-max-message-length",
                "1000000",
            ]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["Access__AdminKey"] = "too short";
        start.Environment["Deliveries__RetrySchedule"] = "soon";
        start.Environment.Remove("Tables");
        start.Environment.Remove("ServiceBus");
        start.Environment.Remove("Secrets__Keys");

        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(Eventually.Deadline);

        Assert.Equal(1, process.ExitCode);
        Assert.Equal("", await output);
        var lines = (await errors).TrimEnd().Split('\n');
        Assert.Equal("The settings are not valid:", lines[0].Trim());
        Assert.Equal(
            ["Access__AdminKey", "Deliveries__RetrySchedule", "Secrets__Keys", "ServiceBus", "Tables"],
            lines.Skip(1).Select(line => line.Trim().Split(' ')[0]).Order(StringComparer.Ordinal)
        );
    }
}
