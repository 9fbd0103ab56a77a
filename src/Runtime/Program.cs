using System.Text.Json;
using Microsoft.Extensions.Options;
using Ops.Runtime;
using Ops.Runtime.Configuration;
using Ops.Runtime.Lifecycle;

const int InvalidConfigurationExitCode = 2;

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
catch (Exception exception) when (exception is OptionsValidationException or InvalidOperationException or FormatException or JsonException or IOException or UnauthorizedAccessException)
{
    // Before the server listens nobody can ask it what is wrong, so the reason goes where whoever started it looks.
    var reason = exception is OptionsValidationException invalid ? string.Join(Environment.NewLine, invalid.Failures) : exception.Message;
    await Console.Error.WriteLineAsync(reason);
    folder?.Write(new RuntimeSnapshot(RuntimePhase.Failed, reason, 0, 0), url: null);
    return InvalidConfigurationExitCode;
}
