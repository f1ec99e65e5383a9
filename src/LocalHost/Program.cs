return await LocalHost.Hosting.ProcessHost.RunAsync(args);
