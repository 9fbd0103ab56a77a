using Ops.Runtime;
using Ops.Runtime.Configuration;
using Ops.Runtime.Fetching;
using Ops.Runtime.Lifecycle;

const int CannotStartExitCode = 2;

if (args is [FetchCommand.Name, ..])
{
    return await FetchCommand.RunAsync(args[1..]);
}

var configuration = new ConfigurationBuilder();
RunFolder? folder = null;
try
{
    configuration.AddRuntimeSources(args);
    var runtime = configuration.Build().GetSection(RuntimeOptions.Section);
    folder = new RunFolder(runtime["RunFolder"], runtime["Instance"]);
    if (!folder.Exists)
    {
        await Console.Error.WriteLineAsync("The run folder does not exist: this process was given up before it began.");
        return RunFolder.GoneExitCode;
    }

    await using var app = RuntimeServer.Build(builder => builder.AddRuntimeSources(args));
    await app.RunAsync();
    return 0;
}
#pragma warning disable CA1031 // Whatever keeps the server from starting is told to whoever started it.
catch (Exception exception)
#pragma warning restore CA1031
{
    // Before the server listens nobody can ask it what is wrong, so the reason goes where whoever started it looks.
    var reason = StartFailure.Describe(exception);
    await Console.Error.WriteLineAsync(reason);
    folder?.Write(new RuntimeSnapshot(RuntimePhase.Failed, reason, 0, 0), url: null);
    return CannotStartExitCode;
}
