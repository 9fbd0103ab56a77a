using Microsoft.Extensions.Options;
using Ops.Runtime.Fetching;

namespace Ops.Runtime.Configuration;

/// <summary>Where the options come from.</summary>
internal static class ConfigurationFeature
{
    /// <summary>Reads the file named by <c>--config</c>, then environment variables, which override it.</summary>
    /// <exception cref="InvalidOperationException">The arguments are wrong or the file cannot be read.</exception>
    public static void AddRuntimeSources(this IConfigurationBuilder configuration, string[] args)
    {
        switch (args)
        {
            case []:
                break;
            case ["--config", var file]:
                try
                {
                    configuration.AddJsonStream(new MemoryStream(File.ReadAllBytes(file)));
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    throw new InvalidOperationException($"The configuration file {file} cannot be read: {exception.Message}", exception);
                }

                break;
            default:
                throw new InvalidOperationException($"Usage: Ops.Runtime [--config <file.json>], or Ops.Runtime {FetchArguments.Usage}");
        }

        configuration.AddEnvironmentVariables();
    }

    public static IServiceCollection AddRuntimeOptions(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<RuntimeOptions>().Bind(configuration.GetSection(RuntimeOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<RuntimeOptions>, RuntimeOptionsValidator>();
        return services;
    }
}
