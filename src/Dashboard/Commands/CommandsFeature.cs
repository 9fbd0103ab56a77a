namespace Ops.Dashboard.Commands;

/// <summary>The way every change takes.</summary>
internal static class CommandsFeature
{
    /// <summary>Adds <see cref="CommandRunner"/> and <see cref="CallerAccessor"/>.</summary>
    public static IServiceCollection AddCommands(this IServiceCollection services)
    {
        services.AddSingleton<CommandRunner>();
        services.AddScoped<CallerAccessor>();
        return services;
    }
}
