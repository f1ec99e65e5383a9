using Benchmarks.Load;
using BenchmarkDotNet.Running;

switch (args)
{
    case ["load", .. var rest]:
        return await LoadCommand.Run(rest);
    case ["receiver"]:
        await ReceiverServer.Run();
        return 0;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(LoadCommand).Assembly).Run(args);
        return 0;
}
