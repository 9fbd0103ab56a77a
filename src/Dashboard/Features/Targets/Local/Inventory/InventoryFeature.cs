namespace Ops.Dashboard.Features.Targets.Local.Inventory;

/// <summary>Registers the readers of the local machine.</summary>
internal static class InventoryFeature
{
    /// <summary>Adds <see cref="LocalMachine"/>, <see cref="ProcessReader"/> and the GPU reader.</summary>
    public static IServiceCollection AddLocalInventory(this IServiceCollection services)
    {
        services.AddSingleton<IGpuReader>(_ => new NvmlReader());
        services.AddSingleton(provider => new LocalMachine(provider.GetRequiredService<IGpuReader>(), provider.GetService<TimeProvider>() ?? TimeProvider.System));
        services.AddSingleton(_ => new ProcessReader());
        return services;
    }
}
