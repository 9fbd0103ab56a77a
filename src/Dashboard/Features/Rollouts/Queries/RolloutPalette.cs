using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Components.Palette;

namespace Ops.Dashboard.Features.Rollouts.Queries;

/// <summary>Endpoints in the command palette.</summary>
internal sealed class EndpointPalette(EndpointQueries endpoints) : ICommandSource
{
    /// <inheritdoc/>
    public string Name => "Endpoints";

    /// <inheritdoc/>
    public int Order => 20;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CommandItem>> SearchAsync(string query, CancellationToken cancellationToken)
    {
        var found = await endpoints.ListAsync(new() { Text = query }, cancellationToken);
        return
        [
            .. found.Take(8).Select(e => new CommandItem(
                e.Name, $"{e.Environment.ToString().ToLowerInvariant()} · {e.Current ?? "nothing yet"}", IconName.Endpoint, $"/endpoints/{e.Name}")),
        ];
    }
}

/// <summary>Rollouts in the command palette: by the name of their endpoint, and by number as in <c>digits 3</c> or <c>digits #3</c>.</summary>
internal sealed class RolloutPalette(RolloutQueries rollouts) : ICommandSource
{
    /// <inheritdoc/>
    public string Name => "Rollouts";

    /// <inheritdoc/>
    public int Order => 30;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CommandItem>> SearchAsync(string query, CancellationToken cancellationToken)
    {
        var words = query.Split([' ', '#'], StringSplitOptions.RemoveEmptyEntries);
        var number = words.Length > 0 && int.TryParse(words[^1], out var parsed) ? parsed : (int?)null;
        var text = string.Join(' ', number is null ? words : words[..^1]);
        var found = await rollouts.ListAsync(new() { Text = text }, null, number is null ? 8 : RolloutQueries.MostItems, cancellationToken);
        return
        [
            .. found.Items.Where(r => number is null || r.Number == number).Take(8).Select(r => new CommandItem(
                $"{r.Endpoint} #{r.Number}", $"{r.Model} {r.Version} · {r.State}", IconName.Rollout, $"/rollouts/{r.Id}")),
        ];
    }
}
