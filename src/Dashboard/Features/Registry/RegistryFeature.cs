using Microsoft.Extensions.DependencyInjection.Extensions;
using Ops.Dashboard.Components.Palette;
using Ops.Dashboard.Features.Access.Demo;
using Ops.Dashboard.Features.Registry.Commands;
using Ops.Dashboard.Features.Registry.Demo;
using Ops.Dashboard.Features.Registry.Onnx;
using Ops.Dashboard.Features.Registry.Palette;
using Ops.Dashboard.Features.Registry.Queries;

namespace Ops.Dashboard.Features.Registry;

/// <summary>Models and their versions: what there is, what it is called, where it runs.</summary>
internal static class RegistryFeature
{
    /// <summary>Adds queries, commands and what the palette finds; the pages map themselves.</summary>
    public static IServiceCollection AddRegistry(this IServiceCollection services)
    {
        services.TryAddSingleton<OnnxReader>();
        services.AddSingleton<ModelQueries>();
        services.AddSingleton<VersionQueries>();
        services.AddSingleton<ModelCommands>();
        services.AddSingleton<AliasCommands>();
        services.AddSingleton<VersionCommands>();
        services.AddSingleton<IDemoStep, DigitsSample>();
        services.AddScoped<ICommandSource, ModelPaletteSource>();
        return services;
    }
}
