using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Components.Palette;
using Ops.Data;

namespace Ops.Dashboard.Features.Targets;

/// <summary>Finds targets in the command palette.</summary>
internal sealed class TargetPalette(IDbContextFactory<RegistryDb> databases) : ICommandSource
{
    private const int Most = 8;

    /// <inheritdoc/>
    public string Name => "Targets";

    /// <inheritdoc/>
    public int Order => 70;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CommandItem>> SearchAsync(string query, CancellationToken cancellationToken)
    {
        var text = query.Trim().ToLowerInvariant();
        if (text.Length == 0)
        {
            return [];
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var found = await db.Targets.AsNoTracking().Where(t => t.Name.Contains(text)).OrderBy(t => t.Name).Take(Most).ToListAsync(cancellationToken);
        return [.. found.Select(t => new CommandItem(t.Name, t.Environment.Word(), IconName.Target, $"/targets/{t.Name}"))];
    }
}
