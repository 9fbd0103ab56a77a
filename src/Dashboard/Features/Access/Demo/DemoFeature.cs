using Ops.Dashboard.Features.Access.SignIn;
using Ops.Dashboard.Hosting;

namespace Ops.Dashboard.Features.Access.Demo;

/// <summary>Accounts and a sample to look around with, on one machine.</summary>
internal static class DemoFeature
{
    /// <summary>The arguments without <c>--demo</c>, which the command line configuration would take for the name of the next one.</summary>
    public static string[] WithoutSwitch(string[] args) => [.. args.Where(arg => arg != DemoOptions.Switch)];

    /// <summary>Adds the accounts and runs every <see cref="IDemoStep"/> when the switch or <c>Ops:Demo:Enabled</c> asks for it.</summary>
    /// <exception cref="StartRefusedException">Other machines could reach the demonstration, or its password is too weak.</exception>
    public static WebApplicationBuilder AddDemo(this WebApplicationBuilder builder, string[] args)
    {
        builder.Services.AddOptions<DemoOptions>().BindConfiguration(DemoOptions.Section);
        if (args.Contains(DemoOptions.Switch))
        {
            builder.Configuration[$"{DemoOptions.Section}:{nameof(DemoOptions.Enabled)}"] = "true";
        }

        var options = builder.Configuration.GetSection(DemoOptions.Section).Get<DemoOptions>() ?? new();
        if (!options.Enabled)
        {
            return builder;
        }

        if (LoopbackOnly.Offenders(builder.Configuration) is { Count: > 0 } offenders)
        {
            throw new StartRefusedException(
                $"The demonstration has accounts that everybody knows, so it listens on this machine only. Other machines could reach {string.Join(", ", offenders)}. "
                + "Use http://localhost:5080, or start without --demo.");
        }

        if (options.Password is not null && PasswordRules.Check(options.Password, DemoAccounts.Operator) is { Succeeded: false } refusal)
        {
            throw new StartRefusedException($"{DemoOptions.Section}:{nameof(DemoOptions.Password)}: {refusal.Failure.Message}");
        }

        builder.Services.AddHostedService<DemoAccounts>();
        return builder;
    }
}
