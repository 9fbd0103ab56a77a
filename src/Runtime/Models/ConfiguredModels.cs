using System.Text.Json;
using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;
using Ops.Runtime.Inference;

namespace Ops.Runtime.Models;

/// <summary>The versions that the configuration names: those of the start, and on demand those it names by now.</summary>
/// <param name="sources">Adds the sources of the configuration, every time anew.</param>
/// <param name="started">The options that the process started with.</param>
/// <param name="validator">Checks what was read.</param>
/// <param name="log">Gets what is wrong in full.</param>
internal sealed class ConfiguredModels(Action<IConfigurationBuilder> sources, IOptions<RuntimeOptions> started, IValidateOptions<RuntimeOptions> validator, ILogger<ConfiguredModels> log)
{
    private volatile IReadOnlyList<ModelOptions> latest = started.Value.Models;

    /// <summary>What the configuration named when it was last read.</summary>
    public IReadOnlyList<ModelOptions> Latest => latest;

    /// <summary>Reads the configuration anew. Only the versions count; everything else stays as it was at the start.</summary>
    /// <exception cref="ProtocolException">It is wrong now; nothing has changed.</exception>
    public IReadOnlyList<ModelOptions> Read()
    {
        try
        {
            var configuration = new ConfigurationBuilder();
            sources(configuration);
            var options = new RuntimeOptions();
            var root = configuration.Build();
            using var unused = (IDisposable)root;
            root.GetSection(RuntimeOptions.Section).Bind(options);
            if (validator.Validate(null, options) is { Failed: true } result)
            {
                throw new InvalidOperationException(string.Join(' ', result.Failures));
            }

            latest = options.Models;
            return latest;
        }
        catch (Exception exception) when (exception is InvalidOperationException or InvalidDataException or FormatException or JsonException or IOException)
        {
            log.ConfigurationUnreadable(exception);
            throw ProtocolException.BadRequest("The configuration cannot be used as it is now; the log has the details.");
        }
    }
}
