using Microsoft.AspNetCore.Components;
using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.Approvals;

namespace Ops.Dashboard.Features.Approvals;

public sealed partial class PoliciesPage
{
    private IReadOnlyList<ApprovalPolicy> forms = [];

    [Inject]
    public required IDbContextFactory<RegistryDb> Databases { get; init; }

    protected override Task OnInitializedAsync() => LoadAsync();

    private async Task LoadAsync()
    {
        await using var db = await Databases.CreateDbContextAsync();
        forms = [.. (await db.ApprovalPolicies.AsNoTracking().ToListAsync()).OrderBy(policy => policy.Environment)];
    }
}
