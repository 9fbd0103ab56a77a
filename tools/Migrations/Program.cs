using Ops.Migrations;

return args switch
{
    ["add", var name] => Commands.Add(name),
    ["reset"] => Commands.Reset(),
    ["check"] => Commands.Check(),
    _ => Commands.Usage(),
};
