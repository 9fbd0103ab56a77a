using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Access.People;
using Ops.Dashboard.Features.Access.SignIn;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Audit;

namespace Ops.Dashboard.Features.Access.Pages;

public sealed partial class AccountPage
{
    private const int Shown = 10;
    private Caller caller = Caller.System("");
    private IReadOnlyList<string> roles = [];
    private IReadOnlyList<RecentSignIn> recent = [];
    private DateTimeOffset? sessionStart;
    private string? error;

    [Inject]
    internal AccountCommands Account { get; set; } = default!;

    [Inject]
    public required IDbContextFactory<RegistryDb> Databases { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [CascadingParameter]
    public HttpContext HttpContext { get; set; } = default!;

    [SupplyParameterFromQuery(Name = "changed")]
    private string? Changed { get; set; }

    protected override async Task OnInitializedAsync()
    {
        caller = Caller.From(HttpContext.User);
        roles = RoleTexts.Names(HttpContext.User.FindAll(ClaimTypes.Role).Aggregate(Roles.None, (held, claim) => held | Enum.Parse<Roles>(claim.Value)));
        sessionStart = (await HttpContext.AuthenticateAsync(IdentityConstants.ApplicationScheme)).Properties?.IssuedUtc;

        var subject = caller.PersonId.ToString();
        await using var db = await Databases.CreateDbContextAsync(HttpContext.RequestAborted);
        var entries = await db.AuditEntries.AsNoTracking()
            .Where(entry => entry.SubjectKind == "person" && entry.SubjectId == subject && entry.Action == "access.sign-in")
            .OrderByDescending(entry => entry.Id)
            .Take(Shown)
            .ToListAsync(HttpContext.RequestAborted);
        recent = [.. entries.Select(RecentSignIn.Of)];
    }

    private async Task SignOutEverywhereAsync()
    {
        var result = await Account.SignOutEverywhereAsync(caller, HttpContext.RequestAborted);
        if (result.Succeeded)
        {
            await HttpContext.SignOutAsync(IdentityConstants.ApplicationScheme);
            Navigation.NavigateTo("/account/sign-in");
        }
        else
        {
            error = result.Failure.Message;
        }
    }

    private sealed record RecentSignIn(DateTimeOffset At, bool Signed, SignInOrigin? Origin)
    {
        public static RecentSignIn Of(AuditEntry entry) => new(
            entry.At,
            entry.Result == AuditResult.Done,
            entry.AfterJson is null ? null : JsonSerializer.Deserialize<SignInOrigin>(entry.AfterJson, JsonSerializerOptions.Web));
    }
}
