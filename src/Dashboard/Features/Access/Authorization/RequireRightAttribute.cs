using Microsoft.AspNetCore.Authorization;
using Ops.Dashboard.Commands;

namespace Ops.Dashboard.Features.Access.Authorization;

/// <summary>Lets only people with this right open a page or call an endpoint: <c>@attribute [RequireRight(Right.ManageAccess)]</c>.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method, AllowMultiple = true)]
internal sealed class RequireRightAttribute : AuthorizeAttribute
{
    public RequireRightAttribute(Right right) => Policy = right.ToString();
}
