using Ops.Data;
using Ops.Migrations;

return args switch
{
    ["add", var name] => Commands.Add(name),
    ["reset"] => Commands.Reset(),
    ["check"] => Commands.Check(),
    ["apply", "sqlite", var file] => await Commands.ApplyAsync(services => services.AddSqliteRegistry(Path.GetFullPath(file))),
    ["apply", "postgres", var connectionString] => await Commands.ApplyAsync(services => services.AddPostgresRegistry(connectionString)),
    _ => Commands.Usage(),
};
