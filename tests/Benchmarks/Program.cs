using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Benchmarks.Load;
using Benchmarks.Log;

switch (args)
{
    case ["load", .. var rest]:
        return await LoadCommand.Run(rest);
    case ["log", .. var rows]:
        await LogCommand.Run(rows);
        return 0;
    case ["receiver"]:
        await ReceiverServer.Run();
        return 0;
    case ["grow", var transactions, .. var folder]:
        await GrowCommand.Run(int.Parse(transactions, CultureInfo.InvariantCulture), folder.FirstOrDefault());
        return 0;
    default:
        // In this process: a generated project would have to pass the analyzers.
        BenchmarkSwitcher
            .FromAssembly(typeof(LoadCommand).Assembly)
            .Run(args, DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance)));
        return 0;
}
