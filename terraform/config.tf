# The config file: its layers, and what a plan refuses in them. The functions check it to the last value, but only once they
# are deployed: with a mistake in it each answers 503 to every message.

locals {
  config_layer_names = ["config/default.json", "config_env", "config"]

  # Later layers win. Which messages the functions handle is in them.
  config_layers = [
    jsondecode(file("${path.module}/../config/default.json")),
    merge([for name in compact([var.config_env]) : jsondecode(file("${path.module}/../config/${name}.json"))]...),
    var.config,
  ]

  # What each layer has on the second, third and fourth level, by the path of the key: { "order.metrics" = { … } }. The fourth
  # is the last. The keys of an object that is called map are free.
  config_level_2 = [for values in local.config_layers : merge([for path, value in values : { for key, v in value : "${path}.${key}" => v } if can(keys(value))]...)]
  config_level_3 = [for values in local.config_level_2 : merge([for path, value in values : { for key, v in value : "${path}.${key}" => v } if can(keys(value))]...)]
  config_level_4 = [for values in local.config_level_3 : merge([for path, value in values : { for key, v in value : "${path}.${key}" => v } if can(keys(value)) && !endswith(path, ".map")]...)]

  # By path what a value is in JSON: an object, a list, text, true or false (as one), null, a number. Its first letter tells.
  config_types = [for i, values in local.config_layers : {
    for path, value in merge(values, local.config_level_2[i], local.config_level_3[i], local.config_level_4[i]) :
    path => replace(substr(jsonencode(value), 0, 1), "t", "f")
  }]
  config_unknown = flatten([for i, types in local.config_types : [
    for path, type in types : "${path} in ${local.config_layer_names[i]}" if lookup(local.config_types[0], path, "") != type
  ]])

  # A test in shared/settings holds them to the code's.
  config_events = [
    "CustomerCreated", "CustomerCompanyNameSet", "CustomerResourceUpdated",
    "OrderCreated", "OrderStateChanged", "OrderRefunded",
    "CategoryCreated", "CategoryResourceUpdated", "CategoryResourceDeleted",
    "ProductPublished", "ProductUnpublished", "ProductResourceDeleted",
    "InventoryResourceUpdated",
  ]
  config_unknown_events = flatten([for i, values in local.config_layers : [
    for name in try(tolist(values.disabledEvents), []) : "${name} in ${local.config_layer_names[i]}" if !contains(local.config_events, name)
  ]])
}

# Not validations of the variables: those may not read what is made of the variable itself.
resource "terraform_data" "config" {
  lifecycle {
    precondition {
      condition     = length(local.config_unknown) == 0
      error_message = "config/default.json has no such key, or a value of another type: ${join(", ", local.config_unknown)}."
    }

    precondition {
      condition     = length(local.config_unknown_events) == 0
      error_message = "disabledEvents takes ${join(", ", local.config_events)}, but not: ${join(", ", local.config_unknown_events)}."
    }
  }
}
