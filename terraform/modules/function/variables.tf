variable "deployment" {
  description = "What all functions share: the project, its region, the prefix of names, and what builds and keeps the code."
  type = object({
    project    = string
    region     = string
    prefix     = string
    bucket     = string
    repository = string
    builder    = string
  })
}

variable "name" {
  description = "The function's name in the code, such as CustomerEvents. In lower case it is the package's folder under functions/."
  type        = string
}

variable "description" {
  description = "One sentence for the console."
  type        = string
}

variable "packages" {
  description = "The folders of the repository's packages that the function needs, beside its own. A plan fails when one is missing or too many."
  type        = set(string)
}

variable "environment" {
  description = "Environment variables; those without a value are left out. Not for secrets."
  type        = map(string)
}

variable "secrets" {
  description = "Environment variables that come from Secret Manager: a secret's id and the number of its version."
  type        = map(object({ secret = string, version = string }))
  default     = {}
}

variable "size" {
  description = "Seconds that one request may take, memory of an instance such as 256Mi, and the most instances, and requests that one takes at a time, unless scaling says otherwise."
  type = object({
    timeout       = number
    memory        = string
    max_instances = number
    concurrency   = number
  })
}

variable "scaling" {
  description = "What the operator set for this function."
  type = object({
    min_instances = optional(number)
    max_instances = optional(number)
    concurrency   = optional(number)
  })
  default  = {}
  nullable = false
}

variable "public" {
  description = "Whether requests may come from outside Google Cloud. They need an invoker's token either way."
  type        = bool
  default     = false
}

variable "invokers" {
  description = "Who may call the function, as IAM members by a name of your choice."
  type        = map(string)
  default     = {}
}
